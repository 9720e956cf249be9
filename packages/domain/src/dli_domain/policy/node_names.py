"""Steps 4 and 5, by sqlglot's class of a node: what a query is made of, and what only computes.

A class that is not here is refused: statements that change something, `Command`, in which
sqlglot keeps what it does not know, hints, locks, functions written into the query, and every
class that a later sqlglot adds.
"""

_SYNTAX = """
Add Adjacent Alias Aliases All Any AtIndex AtTimeZone Between Binary BitString BitwiseAnd
BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift BitwiseXor Boolean Bracket ByteString
CTE Column ColumnDef Comprehension Condition Connector Cube DPipe DataType DataTypeParam
Distance Distinct Div Dot EQ Escape Except ExtendsLeft ExtendsRight Fetch Filter FormatJson From
GT GTE Glob Group GroupingSets Having HavingMax HexString HistoricalData ILike Identifier
IgnoreNulls In IntDiv Intersect Interval IntervalOp IntervalSpan Is JSON JSONExtractQuote
JSONKeyValue JSONPath JSONPathFilter JSONPathKey JSONPathRecursive JSONPathRoot JSONPathScript
JSONPathSelector JSONPathSlice JSONPathSubscript JSONPathUnion JSONPathWildcard JSONValue Join
Kwarg LT LTE Lambda Lateral Like Limit LimitOptions Literal Match Mod Mul NEQ Neg Not Null
NullSafeEQ NullSafeNEQ Offset OnCondition Operator Order Ordered OverflowTruncateBehavior
Overlaps Parameter Paren Pivot PivotAlias PivotAny Placeholder PositionalColumn PropertyEQ
Pseudocolumn Qualify RawString RecursiveWithSearch RespectNulls Rollup Select SimilarTo Slice
Sort Star Sub Subquery Table TableAlias TableColumn TableSample TimeUnit Tuple Unary Union
UnpivotColumns Values Var Version Where Window WindowSpec With WithinGroup
"""

_FUNCTIONS = """
Abs Acos Acosh AddMonths And AnyValue ApproxDistinct ApproxPercentileAccumulate
ApproxPercentileCombine ApproxPercentileEstimate ApproxQuantile ApproxQuantiles ApproxTopK
ApproxTopKAccumulate ApproxTopKCombine ApproxTopKEstimate ApproxTopSum ApproximateSimilarity
ArgMax ArgMin Array ArrayAgg ArrayAll ArrayAny ArrayAppend ArrayCompact ArrayConcat
ArrayConcatAgg ArrayConstructCompact ArrayContainedBy ArrayContains ArrayContainsAll
ArrayDistinct ArrayExcept ArrayFilter ArrayFirst ArrayInsert ArrayIntersect ArrayLast ArrayMax
ArrayMin ArrayOverlaps ArrayPosition ArrayPrepend ArrayRemove ArrayRemoveAt ArrayReverse
ArraySize ArraySlice ArraySort ArraySum ArrayToString ArrayUnionAgg ArrayUniqueAgg ArraysZip
Ascii Asin Asinh Atan Atan2 Atanh Avg Base64DecodeBinary Base64DecodeString Base64Encode
BitLength BitmapBitPosition BitmapBucketNumber BitmapConstructAgg BitmapCount BitmapOrAgg
BitwiseAndAgg BitwiseCount BitwiseOrAgg BitwiseXorAgg Booland Boolnot Boolor BoolxorAgg
ByteLength Case Cast CastToStrType Cbrt Ceil CheckJson CheckXml Chr CityHash64 Coalesce
CodePointsToBytes CodePointsToString Collate Collation Columns Compress Concat ConcatWs Contains
Convert ConvertTimezone ConvertToCharset Corr Cos Cosh CosineDistance Cot Coth Count CountIf
CovarPop CovarSamp Csc Csch CumeDist CurrentDate CurrentDatetime CurrentTime CurrentTimestamp
CurrentTimestampLTZ CurrentTimezone Date DateAdd DateBin DateDiff DateFromParts DateFromUnixDate
DateStrToDate DateSub DateToDateStr DateToDi DateTrunc Datetime DatetimeAdd DatetimeDiff
DatetimeSub DatetimeTrunc Day DayOfMonth DayOfWeek DayOfWeekIso DayOfYear Dayname Decode
DecodeCase DecompressBinary DecompressString Degrees DenseRank DiToDate DotProduct Elt Encode
EndsWith EqualNull EuclideanDistance Exists Exp Explode ExplodingGenerateSeries Extract
Factorial FarmFingerprint First FirstValue Flatten Float64 Floor Format FromBase FromBase32
FromBase64 FromISO8601Date FromISO8601Timestamp FromISO8601TimestampNanos FromJson
GenerateDateArray GenerateSeries GenerateTimestampArray GetExtract GetIgnoreCase Getbit Greatest
GroupConcat Grouping GroupingId Hex HexDecodeString Hll Host Hour If Initcap Inline Int64
IsArray IsAscii IsInf IsNan IsNullValue JSONArray JSONArrayAgg JSONArrayAppend JSONArrayContains
JSONArrayInsert JSONBContains JSONBContainsAllTopKeys JSONBContainsAnyTopKeys
JSONBContainsTopKey JSONBDeleteAtPath JSONBExists JSONBExtract JSONBExtractScalar JSONBObjectAgg
JSONBPathExists JSONBool JSONCast JSONExists JSONExtract JSONExtractArray JSONExtractScalar
JSONFormat JSONKeys JSONKeysAtDepth JSONObject JSONObjectAgg JSONRemove JSONSet JSONStripNulls
JSONTable JSONType JSONValueArray JarowinklerSimilarity JustifyDays JustifyHours JustifyInterval
Kurtosis Lag Last LastDay LastValue LaxBool LaxFloat64 LaxInt64 LaxString Lead Least Left Length
Levenshtein List Ln Localtime Localtimestamp Log LogicalAnd LogicalOr Lower LowerHex MD5
MD5Digest MD5NumberLower64 MD5NumberUpper64 MakeInterval ManhattanDistance Map MapCat
MapContainsKey MapDelete MapFromEntries MapInsert MapKeys MapPick MapSize Max Median Min Minhash
MinhashCombine Minute Mode Month Monthname MonthsBetween Nanvl Negative NetFunc NextDay Normal
Normalize NthValue Ntile Nullif NumberToStr Nvl2 ObjectAgg ObjectInsert ObjectTransform Or
Overlay Pad ParameterizedAgg ParseBignumeric ParseDatetime ParseIp ParseJSON ParseNumeric
ParseTime ParseUrl PercentRank PercentileCont PercentileDisc Pi Posexplode PosexplodeOuter Pow
PreviousDay Quantile Quarter Radians Rand RangeBucket RangeN Rank Reduce RegexpCount
RegexpExtract RegexpExtractAll RegexpFullMatch RegexpILike RegexpInstr RegexpLike RegexpReplace
RegexpSplit RegexpSubstr RegrAvgx RegrAvgy RegrCount RegrIntercept RegrR2 RegrSlope RegrSxx
RegrSxy RegrSyy RegrValx RegrValy Repeat Replace Reverse Right Rint Round RowNumber
RtrimmedLength SHA SHA1Digest SHA2 SHA2Digest SafeAdd SafeConvertBytesToString SafeDivide
SafeFunc SafeMultiply SafeNegate SafeSubtract Sec Sech Second Shuffle Sign Sin Sinh Skewness
Soundex SoundexP123 Space Split SplitPart Sqrt StDistance StPoint StandardHash StarMap
StartsWith Stddev StddevPop StddevSamp StrPosition StrToDate StrToMap StrToTime StrToUnix String
StringToArray StripNullValue Strtok StrtokToArray Struct StructExtract Stuff Substring
SubstringIndex Sum Systimestamp Tan Tanh Time TimeAdd TimeDiff TimeFromParts TimeSlice
TimeStrToDate TimeStrToTime TimeStrToUnix TimeSub TimeToStr TimeToTimeStr TimeToUnix TimeTrunc
Timestamp TimestampAdd TimestampDiff TimestampFromParts TimestampLtzFromParts TimestampSub
TimestampTrunc TimestampTzFromParts ToArray ToBase32 ToBase64 ToBinary ToBoolean ToChar
ToCodePoints ToDays ToDecfloat ToDouble ToMap ToNumber ToVariant Transform Translate Trim Trunc
Try TryBase64DecodeBinary TryBase64DecodeString TryCast TryHexDecodeBinary TryHexDecodeString
TryToDecfloat TsOrDiToDi TsOrDsAdd TsOrDsDiff TsOrDsToDate TsOrDsToDateStr TsOrDsToDatetime
TsOrDsToTime TsOrDsToTimestamp Typeof Unhex Unicode Uniform UnixDate UnixMicros UnixMillis
UnixSeconds UnixToStr UnixToTime UnixToTimeStr Unnest Upper UtcDate UtcTime UtcTimestamp Uuid
VarMap Variance VariancePop Week WeekOfYear WeekStart WidthBucket Xor Year YearOfWeek
YearOfWeekIso Zipf
"""

SYNTAX = frozenset(_SYNTAX.split())
FUNCTIONS = frozenset(_FUNCTIONS.split())
QUERIES = frozenset({"Select", "Union", "Except", "Intersect", "Subquery", "Values"})

# Words that stand before a parenthesis and call nothing: clauses, operators, types.
WORDS = frozenset(
    """
all and any array as between bernoulli bigint binary by bytes case char columns cross cube
date decimal desc distinct else end escape except exclude exists fetch filter float for from
full group grouping having ilike in inner intersect interval is join lateral left like limit
list map match materialized minus nchar not null numeric nvarchar offset on or order over
percent pivot qualify rename replace reservoir right rollup row rows sample select sets similar
some struct symmetric system tablesample then time timestamp timestamptz timetz to tuple union
unnest unpivot using value values varbinary varchar when where window with within year zone
bignumeric bit bool dec double int integer json key natural of outer range real recursive
string text tinyint
""".split()
)

# First words of statements that stand where an unquoted table name could stand.
COMMANDS = frozenset(
    """
abort alter analyze assert attach begin break call checkpoint clone comment commit continue copy
create deallocate declare delete deny desc describe detach drop end execute explain export force
grant import insert install iterate kill leave list load lock merge optimize prepare pragma put
raise refresh reindex release replace reset revoke rollback savepoint set show start summarize
truncate undrop unlock update upsert use vacuum
""".split()
)

# Words that are calls without a parenthesis and tell of the session.
SESSION_WORDS = frozenset(
    """
current_catalog current_database current_groups current_path current_role current_schema
current_user session_user system_user
""".split()
)
