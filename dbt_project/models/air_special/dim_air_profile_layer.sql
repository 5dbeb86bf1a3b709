-- grain: station_code × height_m × valid_from
select
    l.station_code, l.point_id, l.height_m, l.instrument, i.factor_code as key_factor_code, i.is_for_inversion,
    l.valid_from, l.valid_to
from {{ ref('stg_air_profile_layer') }} as l
left join {{ ref('air_profile_instrument') }} as i on l.instrument = i.instrument
