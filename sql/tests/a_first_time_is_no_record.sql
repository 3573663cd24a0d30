-- A record beats something: the first time an exercise is done is none.
select * from {{ ref('personal_records') }} where before_g is null or value_g <= before_g
