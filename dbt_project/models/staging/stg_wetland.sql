-- grain: town_name_as_sent × period
{{ town_register('wetland', {
    'important_wetland_mu': 'r.important_wetland_mu',
    'protected_wetland_mu': 'r.protected_wetland_mu',
    'is_applicable': 'coalesce(r.is_applicable, true)'
}) }}
