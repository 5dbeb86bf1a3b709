{#- Geometry on a sphere of 6371 km (the mean radius). Functions are named alike in DuckDB and Spark. Longitudes and latitudes are
    decimal degrees of one datum; results are cast to decimals per row, so that no order of rows can change a sum. -#}

{#- great-circle distance in metres (haversine) as DECIMAL(18,3) -#}
{% macro distance_m(lon_1, lat_1, lon_2, lat_2) -%}
    cast(2 * 6371000 * asin(least(1.0, sqrt(
        power(sin(radians(cast({{ lat_2 }} as double) - cast({{ lat_1 }} as double)) * 0.5), 2)
        + cos(radians(cast({{ lat_1 }} as double))) * cos(radians(cast({{ lat_2 }} as double)))
        * power(sin(radians(cast({{ lon_2 }} as double) - cast({{ lon_1 }} as double)) * 0.5), 2)
    ))) as decimal(18, 3))
{%- endmacro %}

{#- initial bearing from point 1 to point 2, degrees clockwise from north in [0, 360), as DECIMAL(18,3) -#}
{% macro bearing_deg(lon_1, lat_1, lon_2, lat_2) -%}
    {{ jianhu.turned("cast(degrees(atan2(
        sin(radians(cast(" ~ lon_2 ~ " as double) - cast(" ~ lon_1 ~ " as double))) * cos(radians(cast(" ~ lat_2 ~ " as double))),
        cos(radians(cast(" ~ lat_1 ~ " as double))) * sin(radians(cast(" ~ lat_2 ~ " as double)))
        - sin(radians(cast(" ~ lat_1 ~ " as double))) * cos(radians(cast(" ~ lat_2 ~ " as double)))
        * cos(radians(cast(" ~ lon_2 ~ " as double) - cast(" ~ lon_1 ~ " as double)))
    )) as decimal(18, 3))") }}
{%- endmacro %}

{#- an angle of [-360, 360] degrees turned into [0, 360), DECIMAL(18,3) -#}
{% macro turned(angle) -%}
    cast(({{ angle }} + 360) % 360 as decimal(18, 3))
{%- endmacro %}

{#- the angle between two directions in degrees, 0 to 180, DECIMAL(18,3) -#}
{% macro angle_between_deg(a, b) -%}
    cast(180 - abs(180 - abs(cast({{ a }} as decimal(18, 3)) - cast({{ b }} as decimal(18, 3))) % 360) as decimal(18, 3))
{%- endmacro %}

{#- components of a wind (speed, direction it comes from) towards east and north, DECIMAL(38,12): what may be averaged -#}
{% macro wind_east(speed, from_deg) -%}
    cast(-1 * cast({{ speed }} as double) * sin(radians(cast({{ from_deg }} as double))) as decimal(38, 12))
{%- endmacro %}
{% macro wind_north(speed, from_deg) -%}
    cast(-1 * cast({{ speed }} as double) * cos(radians(cast({{ from_deg }} as double))) as decimal(38, 12))
{%- endmacro %}

{#- direction that a wind of mean components comes from, degrees in [0, 360), DECIMAL(18,3); null where both are 0 -#}
{% macro wind_from_deg(east, north) -%}
    case when {{ east }} <> 0 or {{ north }} <> 0 then
    {{ jianhu.turned("cast(degrees(atan2(-1 * cast(" ~ east ~ " as double), -1 * cast(" ~ north ~ " as double))) as decimal(18, 3))") }}
    end
{%- endmacro %}

{#- speed of a wind of mean components, DECIMAL(18,6) -#}
{% macro wind_speed_of(east, north) -%}
    cast(sqrt(power(cast({{ east }} as double), 2) + power(cast({{ north }} as double), 2)) as decimal(18, 6))
{%- endmacro %}
