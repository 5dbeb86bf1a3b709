-- grain: town_name_as_sent × period × pollutant_code
{{ town_register('env_statistics', {
    'pollutant_code': 'coalesce(pol.pollutant_code, ' ~ squeeze('r.pollutant') ~ ')',
    'emission_t': 'cast(r.emission_t as decimal(18, 6))',
    'emission_as_sent': tidy('r.emission_t_as_sent'),
    'qualifier': 'r.emission_t_qualifier'
}, keys=['pollutant_code'], joins='left join ' ~ ref('pollutant_alias') ~ ' as pol on ' ~ squeeze('r.pollutant') ~ ' = pol.alias') }}
