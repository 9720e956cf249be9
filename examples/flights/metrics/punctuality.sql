SELECT
    a.name AS "항공사",
    METRIC(flights) AS "운항 수",
    round(100.0 * METRIC(on_time) / METRIC(flights), 1) AS "정시율",
    round(METRIC(mean_dep_delay), 1) AS "평균 지연"
FROM raw.flights AS f
JOIN raw.airlines AS a ON a.carrier = f.carrier
GROUP BY a.name
HAVING count(*) >= {{ min_flights }}
ORDER BY "정시율" DESC, "항공사"
