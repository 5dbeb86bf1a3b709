KINDS = ("gas_hour_exceedance",)
