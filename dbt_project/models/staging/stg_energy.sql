-- grain: town_name_as_sent × period
{{ town_register('energy', {'energy_tce': 'r.energy_tce', 'gdp_10k_cny': 'r.gdp_10k_cny'}) }}
