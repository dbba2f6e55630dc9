{{ config(materialized='view') }}
select numbers.id, numbers.name as nation, people.name as person
from {{ ref('numbers') }} numbers join {{ ref('people') }} people on people.id = numbers.id
