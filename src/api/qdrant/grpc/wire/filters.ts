// Conditions on points. In the notation of api/grpc/notation.ts.

export const filters = `
Filter: should [Condition] 1, must [Condition] 2, must_not [Condition] 3, min_should MinShould? 4
MinShould: conditions [Condition] 1, min_count u64 2
Condition:
  (field FieldCondition 1 | is_empty IsEmptyCondition 2 | has_id HasIdCondition 3 | filter Filter 4
  | is_null IsNullCondition 5 | nested NestedCondition 6 | has_vector HasVectorCondition 7
  | slice SliceCondition 8)
FieldCondition:
  key text 1, match Match 2, range Range 3, geo_bounding_box GeoBoundingBox 4,
  geo_radius GeoRadius 5, values_count ValuesCount 6, geo_polygon GeoPolygon 7,
  datetime_range DatetimeRange 8, is_empty bool? 9, is_null bool? 10
IsEmptyCondition: key text 1
IsNullCondition: key text 1
HasIdCondition: has_id [PointId] 1
HasVectorCondition: has_vector text 1
SliceCondition: total u32 1, index u32 2
NestedCondition: key text 1, filter Filter 2
Match:
  (keyword text 1 | integer i64 2 | boolean bool 3 | text text 4 | keywords RepeatedStrings 5
  | integers RepeatedIntegers 6 | except_integers RepeatedIntegers 7
  | except_keywords RepeatedStrings 8 | phrase text 9 | text_any text 10 | prefix text 11)
RepeatedStrings: strings [text] 1
RepeatedIntegers: integers [i64] 1
Range: lt f64? 1, gt f64? 2, gte f64? 3, lte f64? 4
DatetimeRange: lt Timestamp? 1, gt Timestamp? 2, gte Timestamp? 3, lte Timestamp? 4
ValuesCount: lt u64? 1, gt u64? 2, gte u64? 3, lte u64? 4
GeoBoundingBox: top_left GeoPoint 1, bottom_right GeoPoint 2
GeoRadius: center GeoPoint 1, radius f32 2
GeoPolygon: exterior GeoLineString 1, interiors [GeoLineString] 2
GeoLineString: points [GeoPoint] 1
`
