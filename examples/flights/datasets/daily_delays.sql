SELECT
    flight_date,
    origin,
    count(*) AS flights,
    count(*) - count(dep_time) AS cancelled,
    round(avg(dep_delay), 2) AS avg_dep_delay,
    round(avg(arr_delay), 2) AS avg_arr_delay
FROM raw.flights
WHERE flight_date BETWEEN DATE '{{ from_date }}' AND DATE '{{ to_date }}'
  AND origin IN {{ origins | sql_list }}
GROUP BY flight_date, origin
ORDER BY flight_date, origin
