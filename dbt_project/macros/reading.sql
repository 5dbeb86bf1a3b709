{#- Reading staging models: the columns of contract 4, stated once. -#}

{#- SELECT of contract 4 from a relation whose columns carry the names of that contract but for the value: `value` is
    the name of the sent figure, beside which `<value>_as_sent`, `_qualifier`, `_detection_limit` stand; multiplier turns it
    into the factor's canonical unit. is_interval: observed_at is the END of an interval, so midnight belongs to the month
    before. Other arguments are SQL expressions over the relation. -#}
{% macro reading_select(relation, source_name, statistic="statistic", averaging_minutes="averaging_minutes", maturity="maturity",
    value_origin="'observed'", value='value', multiplier=none, unit_as_sent='cast(null as varchar)',
    flag_device='cast(null as varchar)', null_reason=none, is_interval=false) -%}
select
    point_id,
    factor_code,
    {{ statistic }} as statistic,
    {{ averaging_minutes }} as averaging_minutes,
    observed_at,
    {{ maturity }} as maturity,
    {{ value_origin }} as value_origin,
    {% if multiplier %}cast({{ jianhu.mul(value, multiplier, 6) }} as decimal(18, 6)){% else %}{{ value }}{% endif %} as value,
    {{ value }}_as_sent as value_as_sent,
    {{ unit_as_sent }} as unit_as_sent,
    {{ value }}_qualifier as qualifier,
    {% if multiplier %}cast({{ jianhu.mul(value ~ '_detection_limit', multiplier, 6) }} as decimal(18, 6))
    {%- else %}{{ value }}_detection_limit{% endif %} as detection_limit,
    {{ flag_device }} as flag_device,
    {% if null_reason %}{{ null_reason }}{% else %}case
        when {{ value }} is not null then null when {{ value }}_qualifier = '<' then 'below_detection'
        else coalesce(_null_reason, 'blank')
    end{% endif %} as null_reason,
    {{ jianhu.month_of(jianhu.add_minutes('observed_at', '-1') if is_interval else 'observed_at') }} as month,
    '{{ source_name }}' as source,
    _load_id,
    _row_no,
    _col
from {{ relation }}
{%- endmacro %}

{#- Why a figure has no value: the seed of items (joined as `i`) does not know its item and unit, it is below detection, or nothing was
    told (the raw row `w` may say why). -#}
{% macro item_null_reason(value, qualifier) -%}
case
    when i.factor_code is null then 'unknown_item' when {{ value }} is not null then null
    when {{ qualifier }} = '<' then 'below_detection' else coalesce(w._null_reason, 'blank')
end
{%- endmacro %}

{#- A whole reading staging model of a network: raw rows of `source_name` in long form (point, time, item, value), items named by
    the seed family reading_item (item_group, item, unit_as_sent → factor_code, statistic, averaging_minutes, multiplier). A row whose
    item and unit the seed does not know keeps its text, has no value and says unknown_item: nothing is dropped.
    prefix: of the point id (`noise` gives noise:<code>), or point_id: an SQL expression over the raw row `w` that gives it whole
    (one source of several media, points with a height); unit, flag, maturity: names of the raw columns, none where the
    source has none; time_shift_minutes: added to the sent time (START stamps: the averaging time); arrivals: the source keeps
    every slice, so the last told row of a key wins by changed_at, seq, row. -#}
{% macro staged_readings(source_name, prefix=none, item_group=none, point='point_code', item='item', unit=none, time='observed_at', value='value',
    flag=none, maturity=none, default_maturity='preliminary', arrivals=false, changed_at=[], is_interval=true, is_start=false,
    point_id=none) -%}
with named as (
    select
        {% if point_id %}{{ point_id }}{% else %}concat('{{ prefix }}:', trim(w.{{ point }})){% endif %} as point_id,
        coalesce(i.factor_code, trim(w.{{ item }})) as factor_code,
        coalesce(i.statistic, 'unknown') as statistic,
        coalesce(i.averaging_minutes, 0) as averaging_minutes,
        {% if is_start %}{{ jianhu.add_minutes('w.' ~ time, 'coalesce(i.averaging_minutes, 0)') }}{% else %}w.{{ time }}{% endif %} as observed_at,
        {% if maturity %}coalesce(trim(w.{{ maturity }}), '{{ default_maturity }}'){% else %}'{{ default_maturity }}'{% endif %} as maturity,
        case when i.factor_code is not null then w.{{ value }} end as value,
        w.{{ value }}_as_sent as value_as_sent,
        w.{{ value }}_qualifier as value_qualifier,
        w.{{ value }}_detection_limit as value_detection_limit,
        i.multiplier,
        {% if unit %}w.{{ unit }}{% else %}cast(null as varchar){% endif %} as unit_as_sent,
        {% if flag %}trim(w.{{ flag }}){% else %}cast(null as varchar){% endif %} as flag_device,
        {{ jianhu.item_null_reason('w.' ~ value, 'w.' ~ value ~ '_qualifier') }} as null_reason,
        w._load_id, w._seq, w._row_no, w._col{% for c in changed_at %}, w.{{ c }}{% endfor %}
    from {{ source('raw', source_name) }} as w
    left join {{ ref('reading_item') }} as i
        on i.item_group = '{{ item_group }}' and trim(w.{{ item }}) = i.item
        {% if unit %}and coalesce(trim(w.{{ unit }}), '') = coalesce(i.unit_as_sent, ''){% endif %}
){% if arrivals %},

latest as (
    {{ jianhu.latest_by_key('named', ['point_id', 'factor_code', 'statistic', 'averaging_minutes', 'observed_at', 'maturity'],
        jianhu.arrival_order(changed_at)) }}
){% endif %}

{{ jianhu.reading_select('latest' if arrivals else 'named', source_name, multiplier='multiplier', unit_as_sent='unit_as_sent',
    flag_device='flag_device', null_reason='null_reason', is_interval=is_interval) }}
{%- endmacro %}
