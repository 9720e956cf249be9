"""Step 5, by written name: the functions of each dialect that only compute.

A name that is not here is refused: what reads files, the network, settings, sequences, secrets,
the session or SQL in a text, what sleeps or writes a log, and all that nobody has looked at yet.
"""

from collections.abc import Mapping
from types import MappingProxyType

_DUCKDB = """
abs acos acosh add age aggregate ago alias any_value apply approx_count_distinct approx_quantile
approx_top_k arbitrary arg_max arg_max_null arg_max_nulls_last arg_min arg_min_null
arg_min_nulls_last argmax argmin array_agg array_aggr array_aggregate array_append array_apply
array_cat array_concat array_contains array_cosine_distance array_cosine_similarity
array_cross_product array_distance array_distinct array_dot_product array_extract array_filter
array_grade_up array_has array_has_all array_has_any array_indexof array_inner_product
array_intersect array_length array_negative_dot_product array_negative_inner_product
array_pop_back array_pop_front array_position array_prepend array_push_back array_push_front
array_reduce array_resize array_reverse array_reverse_sort array_select array_slice array_sort
array_to_json array_to_string array_to_string_comma_default array_transform array_unique
array_value array_where array_zip ascii asin asinh atan atan2 atanh avg base64 bin binom bit_and
bit_count bit_length bit_or bit_position bit_xor bitstring bitstring_agg bool_and bool_or
cardinality cast cast_to_type cbrt ceil ceiling century char_length character_length chr
coalesce concat concat_ws constant_or_null contains convert corr cos cosh cot count count_if
count_star countif covar_pop covar_samp cume_dist current_date current_localtime
current_localtimestamp current_time current_timestamp damerau_levenshtein date_add date_diff
date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth
dayofweek dayofyear days_in_month decade decimal_average decimal_division decode degrees
dense_rank divide editdist3 element_at encode ends_with entropy enum_code enum_first enum_last
enum_range epoch epoch_ms epoch_ns epoch_us era even exp extract factorial favg fdiv filter
first first_value flatten floor fmod format format_bytes format_type formatreadabledecimalsize
formatreadablesize from_base64 from_binary from_hex from_json from_json_strict fsum gamma gcd
gen_random_uuid generate_series generate_subscripts geomean geometric_mean get_bit
get_current_time get_current_timestamp get_type grade_up greatest greatest_common_divisor
group_concat grouping grouping_id hamming hash hex histogram histogram_exact hour if ifnull
ilike_escape instr invoke isfinite isinf isnan isnull isodow isoyear jaccard jaro_similarity
jaro_winkler_similarity json json_array json_array_length json_contains json_deep_merge
json_exists json_extract json_extract_path json_extract_path_text json_extract_string
json_group_array json_group_object json_group_structure json_insert json_keys json_merge_patch
json_merge_patch_diff json_normalize json_object json_pretty json_quote json_remove json_replace
json_set json_strip_nulls json_structure json_transform json_transform_strict json_type
json_valid json_value julian kahan_sum kurtosis kurtosis_pop lag last last_day last_value lcase
lcm lead least least_common_multiple left left_grapheme len length length_grapheme levenshtein
lgamma like_escape list list_aggr list_aggregate list_any_value list_append list_apply
list_approx_count_distinct list_avg list_bit_and list_bit_or list_bit_xor list_bool_and
list_bool_or list_cat list_concat list_contains list_cosine_distance list_cosine_similarity
list_count list_distance list_distinct list_dot_product list_element list_entropy list_extract
list_filter list_first list_grade_up list_has list_has_all list_has_any list_histogram
list_indexof list_inner_product list_intersect list_kurtosis list_kurtosis_pop list_last
list_mad list_max list_median list_min list_mode list_negative_dot_product
list_negative_inner_product list_pack list_position list_prepend list_product list_reduce
list_resize list_reverse list_reverse_sort list_select list_sem list_skewness list_slice
list_sort list_stddev_pop list_stddev_samp list_string_agg list_sum list_transform list_unique
list_value list_var_pop list_var_samp list_where list_zip listagg ln localtime localtimestamp
log log10 log2 lower lpad ltrim lttb mad make_date make_time make_timestamp make_timestamp_ms
make_timestamp_ns make_timestamptz make_type map map_concat map_contains map_contains_entry
map_contains_value map_entries map_extract map_extract_value map_from_entries map_keys
map_values max max_by md5 md5_number md5_number_lower md5_number_upper mean median microsecond
millennium millisecond min min_by minute mismatches mod mode month monthname multiply nanosecond
nextafter nfc_normalize normalized_interval not_ilike_escape not_like_escape now nth_value ntile
nullif nvl octet_length ord overlay parse_dirname parse_dirpath parse_filename
parse_formatted_bytes path_join percent_rank percentile_cont percentile_disc pg_typeof pi
position pow power prefix printf product quantile quantile_cont quantile_disc quarter radians
random range rank reduce regexp_escape regexp_extract regexp_extract_all regexp_full_match
regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regr_avgx regr_avgy
regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy repeat replace
reservoir_quantile reverse right right_grapheme round round_even roundbankers row row_number
row_to_json rpad rtrim second sem set_bit sha1 sha256 sign signbit sin sinh skewness split
split_part sqrt starts_with stddev stddev_pop stddev_samp str_split str_split_regex strftime
string_agg string_split string_split_regex string_to_array strip_accents strlen strpos strptime
struct_concat struct_contains struct_extract struct_extract_at struct_has struct_indexof
struct_insert struct_keys struct_pack struct_position struct_update struct_values substr
substring substring_grapheme subtract suffix sum sum_no_overflow sumkahan switch tan tanh
time_bucket timezone timezone_hour timezone_minute to_base to_base64 to_binary to_centuries
to_days to_decades to_hex to_hours to_json to_microseconds to_millennia to_milliseconds
to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years today
transaction_timestamp translate trim trunc try try_cast try_strptime typeof ucase unbin unhex
unicode union_extract union_tag union_value unnest unpivot_list upper url_decode url_encode uuid
uuid_extract_timestamp uuid_extract_version uuidv4 uuidv7 var_pop var_samp variance
variant_array_length variant_contains variant_exists variant_extract variant_extract_string
variant_group_array variant_group_object variant_keys variant_type variant_typeof wavg week
weekday weekofyear weighted_avg xor year yearweek
"""

_BIGQUERY = """
abs acos acosh any_value approx_count_distinct approx_quantiles approx_top_count approx_top_sum
array_agg array_concat array_concat_agg array_filter array_first array_includes
array_includes_all array_includes_any array_is_distinct array_last array_length array_max
array_min array_reverse array_slice array_sum array_to_string array_transform array_zip ascii
asin asinh atan atan2 atanh avg bignumeric bit_and bit_count bit_or bit_xor bool byte_length
cast cbrt ceil ceiling char_length character_length chr coalesce code_points_to_bytes
code_points_to_string collate concat contains_substr corr cos cosh cosine_distance cot coth
count count_if countif covar_pop covar_samp csc csch cume_dist current_date current_datetime
current_time current_timestamp date date_add date_bucket date_diff date_from_unix_date date_sub
date_trunc datetime datetime_add datetime_bucket datetime_diff datetime_sub datetime_trunc
dense_rank div edit_distance ends_with euclidean_distance exp extract farm_fingerprint
first_value flatten float64 floor format format_date format_datetime format_time
format_timestamp from_base32 from_base64 from_hex generate_array generate_date_array
generate_range_array generate_timestamp_array generate_uuid greatest grouping host ieee_divide
if ifnull init initcap instr int64 ip_from_string ip_net_mask ip_to_string ip_trunc
ipv4_from_int64 ipv4_to_int64 is_inf is_nan isnull json_array json_array_append
json_array_insert json_extract json_extract_array json_extract_scalar json_extract_string_array
json_keys json_object json_query json_query_array json_remove json_set json_strip_nulls
json_type json_value json_value_array justify_days justify_hours justify_interval lag last_day
last_value lax_bool lax_float64 lax_int64 lax_string lead least left length ln log log10
logical_and logical_or lower lpad ltrim make_interval max max_by md5 merge merge_partial min
min_by mod normalize normalize_and_casefold nth_value ntile nullif nullifzero numeric
octet_length offset ordinal parse_bignumeric parse_date parse_datetime parse_json parse_numeric
parse_time parse_timestamp percent_rank percentile_cont percentile_disc pi pow power
public_suffix rand range range_bucket range_contains range_end range_overlaps range_start rank
reg_domain regexp_contains regexp_extract regexp_extract_all regexp_instr regexp_replace
regexp_substr repeat replace reverse right round row_number rpad rtrim safe_add safe_cast
safe_convert_bytes_to_string safe_divide safe_ip_from_string safe_multiply safe_negate
safe_offset safe_ordinal safe_subtract sec sech sha1 sha256 sha512 sign sin sinh soundex split
sqrt st_area st_asgeojson st_astext st_centroid st_contains st_covers st_distance st_dwithin
st_geogfromtext st_geogpoint st_intersects st_length st_within st_x st_y starts_with stddev
stddev_pop stddev_samp string string_agg strpos struct substr substring sum tan tanh time
time_add time_diff time_sub time_trunc timestamp timestamp_add timestamp_bucket timestamp_diff
timestamp_micros timestamp_millis timestamp_seconds timestamp_sub timestamp_trunc to_base32
to_base64 to_code_points to_hex to_json to_json_string translate trim trunc typeof unicode
unix_date unix_micros unix_millis unix_seconds unnest upper var_pop var_samp variance week
zeroifnull
"""

_TRINO = """
abs acos all_match any_match any_value approx_distinct approx_most_frequent approx_percentile
approx_set arbitrary array_agg array_distinct array_except array_first array_histogram
array_intersect array_join array_last array_max array_min array_position array_remove array_sort
array_sum array_union arrays_overlap asin at_timezone atan atan2 avg bit_count bitwise_and
bitwise_and_agg bitwise_left_shift bitwise_not bitwise_or bitwise_or_agg bitwise_right_shift
bitwise_right_shift_arithmetic bitwise_xor bitwise_xor_agg bool_and bool_or cardinality cast
cbrt ceil ceiling char2hexint checksum chr coalesce codepoint combinations concat concat_ws
contains contains_sequence corr cos cosh cosine_distance cosine_similarity count count_if
covar_pop covar_samp crc32 cume_dist current_date current_time current_timestamp
current_timezone date date_add date_diff date_format date_parse date_trunc day day_of_month
day_of_week day_of_year degrees dense_rank dot_product dow doy e element_at empty_approx_set
euclidean_distance every exp extract filter first_value flatten floor format format_datetime
format_number from_base from_base32 from_base64 from_base64url from_big_endian_32
from_big_endian_64 from_hex from_ieee754_32 from_ieee754_64 from_iso8601_date
from_iso8601_timestamp from_iso8601_timestamp_nanos from_unixtime from_unixtime_nanos from_utf8
geometric_mean great_circle_distance greatest grouping hamming_distance histogram hmac_md5
hmac_sha1 hmac_sha256 hmac_sha512 hour human_readable_seconds if index infinity is_finite
is_infinite is_json_scalar is_nan jaccard_index json_array json_array_contains json_array_get
json_array_length json_exists json_extract json_extract_scalar json_format json_object
json_parse json_query json_size json_value kurtosis lag last_day_of_month last_value lead least
length levenshtein_distance listagg ln localtime localtimestamp log log10 log2 lower lpad ltrim
luhn_check make_set_digest map map_agg map_concat map_entries map_filter map_from_entries
map_keys map_union map_values map_zip_with max max_by md5 merge millisecond min min_by minute
mod month multimap_agg multimap_from_entries murmur3 nan ngrams none_match normal_cdf normalize
now nth_value ntile nullif numeric_histogram parse_data_size parse_datetime parse_duration
percent_rank pi pow power qdigest_agg quarter radians rand random rank reduce reduce_agg
regexp_count regexp_extract regexp_extract_all regexp_like regexp_position regexp_replace
regexp_split regr_intercept regr_slope repeat replace reverse round row_number rpad rtrim second
sequence sha1 sha256 sha512 shuffle sign sin sinh skewness slice soundex split split_part
split_to_map split_to_multimap spooky_hash_v2_32 spooky_hash_v2_64 sqrt st_area st_astext
st_centroid st_contains st_distance st_geometryfromtext st_intersects st_length st_point
st_within st_x st_y starts_with stddev stddev_pop stddev_samp strpos substr substring sum tan
tanh tdigest_agg timestamp_objectid timezone_hour timezone_minute to_base to_base32 to_base64
to_base64url to_big_endian_32 to_big_endian_64 to_char to_date to_hex to_ieee754_32
to_ieee754_64 to_iso8601 to_milliseconds to_timestamp to_unixtime to_utf8 transform
transform_keys transform_values translate trim trim_array truncate try try_cast typeof unnest
upper url_decode url_encode url_extract_fragment url_extract_host url_extract_parameter
url_extract_path url_extract_port url_extract_protocol url_extract_query uuid value_at_quantile
values_at_quantiles var_pop var_samp variance week week_of_year width_bucket
wilson_interval_lower wilson_interval_upper with_timezone word_stem xxhash64 year year_of_week
yow zip zip_with
"""

NAMES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "duckdb": frozenset(_DUCKDB.split()),
        "bigquery": frozenset(_BIGQUERY.split()),
        "trino": frozenset(_TRINO.split()),
    }
)

# What may stand where a table stands; UNNEST is syntax of its own.
TABLE_NAMES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "duckdb": frozenset(
            {"range", "generate_series", "unnest", "json_each", "json_tree", "repeat"}
        ),
        "bigquery": frozenset(),
        "trino": frozenset(),
    }
)

# Names before the dot of a built-in function.
SPACES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "duckdb": frozenset(),
        "bigquery": frozenset({"safe", "net", "hll_count"}),
        "trino": frozenset(),
    }
)
