-- grain: subject_type × subject_id × air_date × regime
-- One maturity a day (int_air_judged_day holds them all); an area's value is the mean of its points' concentrations.
{{ config(contract={'enforced': true}, meta={'lookback_hours': 24, 'evidence': [
    {'parent': 'int_air_judged_day', 'label_zh': '按成熟度的日评价', 'on': {
        'subject_type': 'subject_type', 'subject_id': 'subject_id', 'air_date': 'air_date', 'regime': 'regime'}}],
    'clause': '(select g.clause_id from build.air_regime g where g.regime = r.regime)'}) }}
select
    subject_type, subject_id, air_date, regime, is_in_force, month, maturity, point_ids, point_count, expected_point_count,
    so2_ug_m3, no2_ug_m3, co_mg_m3, pm10_ug_m3, pm25_ug_m3, o3_max_8h_ug_m3, o3_max_1h_ug_m3,
    iaqi_so2, iaqi_no2, iaqi_co, iaqi_pm10, iaqi_pm25, iaqi_o3_8h, iaqi_o3_1h, aqi, level_no, category_zh,
    primary_factor, valid_item_count, is_valid, is_good, reason_zh, clause_id, status
from {{ ref('int_air_judged_day') }}
where is_chosen
