-- every period of rpt_town_assessment holds the 16 towns, each once
select period_type, period, count(*) as towns
from {{ ref('rpt_town_assessment') }}
group by period_type, period
having count(*) <> 16 or count(distinct subject_id) <> 16
