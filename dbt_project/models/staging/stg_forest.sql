-- grain: town_name_as_sent × period
{{ town_register('forest', {
    'forest_cover_pct': 'r.forest_cover_pct',
    'forest_stock_m3': 'r.forest_stock_m3',
    'public_benefit_forest_mu': 'r.public_benefit_forest_mu',
    'is_applicable': 'coalesce(r.is_applicable, true)'
}) }}
