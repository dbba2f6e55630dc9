{{ config(materialized='table') }}
select nationkey as id, name from tpch.tiny.nation
