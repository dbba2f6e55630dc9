{{ config(materialized='incremental', incremental_strategy='append') }}
select orderkey, totalprice from tpch.tiny.orders
{% if is_incremental() %} where orderkey > (select max(orderkey) from {{ this }})
{% else %} where orderkey < 30000 {% endif %}
