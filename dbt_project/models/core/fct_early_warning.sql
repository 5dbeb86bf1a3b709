-- grain: warning_id
-- what needs a look before it is an exceedance; each network's warn_ model tells its own
{{ union_models(var('warning_models'), warning_columns()) }}
