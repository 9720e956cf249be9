"""BigQuery, over the official client: the only place that imports google libraries."""
