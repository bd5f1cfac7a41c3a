"""What pydantic says of a request that does not fit, in both languages. Must never repeat what was sent."""

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from callcenter.errors import UnfitValueError
from callcenter.web.errors import NotModelledError, Place, pointer
from tickets.errors import Words

MOST_PLACES = 50

CHINESE: Final[Mapping[str, str]] = {
    "json_invalid": "不是有效的JSON",
    "json_type": "应为JSON文本",
    "recursion_loop": "不得循环引用",
    "recursion_depth_exceeded": "嵌套过深",
    "missing": "必填",
    "extra_forbidden": "没有这个字段",
    "invalid_key": "字段名应为文字",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "dataclass_type": "应为对象",
    "named_tuple_type": "应为数组或对象",
    "none_required": "应为null",
    "greater_than": "应大于{gt}",
    "greater_than_equal": "应不小于{ge}",
    "less_than": "应小于{lt}",
    "less_than_equal": "应不大于{le}",
    "multiple_of": "应为{multiple_of}的倍数",
    "finite_number": "应为有限的数字",
    "too_short": "至少{min_length}项",
    "too_long": "最多{max_length}项",
    "iterable_type": "应为数组",
    "iteration_error": "无法逐项读取",
    "string_type": "应为文字",
    "string_unicode": "应为有效的Unicode文字",
    "string_too_short": "至少{min_length}个字符",
    "string_too_long": "最多{max_length}个字符",
    "string_pattern_mismatch": "应符合格式 {pattern}",
    "string_not_ascii": "只能含ASCII字符",
    "enum": "应为{expected}",
    "dict_type": "应为对象",
    "frozen_dict_type": "应为对象",
    "ordered_dict_type": "应为对象",
    "counter_type": "应为对象",
    "mapping_type": "应为对象",
    "list_type": "应为数组",
    "deque_type": "应为数组",
    "tuple_type": "应为数组",
    "set_type": "应为数组",
    "set_item_not_hashable": "数组各项应为简单值",
    "frozen_set_type": "应为数组",
    "bool_type": "应为true或false",
    "bool_parsing": "应为true或false",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_parsing_size": "整数超出范围",
    "int_from_float": "应为整数，不得有小数",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "bytes_type": "应为文字",
    "bytes_too_short": "至少{min_length}字节",
    "bytes_too_long": "最多{max_length}字节",
    "bytes_invalid_encoding": "编码应为{encoding}",
    "value_error": "不符合规定",
    "assertion_error": "不符合规定",
    "literal_error": "应为{expected}",
    "date_type": "应为日期",
    "date_parsing": "应为日期，格式为YYYY-MM-DD",
    "date_from_datetime_parsing": "应为日期，格式为YYYY-MM-DD",
    "date_from_datetime_inexact": "应为日期，不得带时刻",
    "date_past": "应为过去的日期",
    "date_future": "应为将来的日期",
    "time_type": "应为时刻",
    "time_parsing": "应为时刻，格式为HH:MM:SS",
    "datetime_type": "应为带时区的时间",
    "datetime_parsing": "应为带时区的时间，格式为YYYY-MM-DDTHH:MM:SS+08:00",
    "datetime_object_invalid": "应为带时区的时间",
    "datetime_from_date_parsing": "应为带时区的时间，格式为YYYY-MM-DDTHH:MM:SS+08:00",
    "datetime_past": "应为过去的时间",
    "datetime_future": "应为将来的时间",
    "timezone_naive": "不得带时区",
    "timezone_aware": "须带时区，如+08:00",
    "timezone_offset": "时区偏移应为{tz_expected}秒",
    "time_delta_type": "应为时长",
    "time_delta_parsing": "应为时长，格式如PT30M",
    "union_tag_invalid": "{discriminator}应为{expected_tags}",
    "union_tag_not_found": "缺少{discriminator}",
    "url_type": "应为网址",
    "url_parsing": "应为网址",
    "url_syntax_violation": "应为网址",
    "url_too_long": "网址最多{max_length}个字符",
    "url_scheme": "网址应以{expected_schemes}开头",
    "uuid_type": "应为UUID",
    "uuid_parsing": "应为UUID",
    "uuid_version": "应为第{expected_version}版UUID",
    "decimal_type": "应为数字",
    "decimal_parsing": "应为数字",
    "decimal_max_digits": "最多{max_digits}位数字",
    "decimal_max_places": "最多{decimal_places}位小数",
    "decimal_whole_digits": "小数点前最多{whole_digits}位",
    "fraction_type": "应为分数",
    "fraction_parsing": "应为分数",
    "complex_type": "应为复数",
    "complex_str_parsing": "应为复数",
}
"""By pydantic's error type; the braces name entries of the error's context."""

_WHERE = {
    "path": Words("地址中的参数不符合要求", "the path does not fit"),
    "query": Words("查询参数不符合要求", "the query does not fit"),
    "body": Words("请求内容不符合要求", "the body does not fit"),
}


def not_modelled(where: str, invalid: ValidationError) -> NotModelledError:
    """The places of `where` (path and the parameter's name, query, or body) that do not fit."""
    errors = invalid.errors(include_url=False, include_input=False)[:MOST_PLACES]
    places = [Place(pointer(where, error["loc"]), error["type"], words(error)) for error in errors]
    return NotModelledError(_WHERE[where.partition("/")[0]], places)


def words(error: ErrorDetails) -> Words:
    """What is wrong at one place. A type of error this table does not know is told in English in both languages."""
    context = error.get("ctx", {})
    if isinstance(own := context.get("error"), UnfitValueError):
        return own.words
    english = error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    template = CHINESE.get(error["type"])
    if template is None:
        return Words(english, english)
    return Words(template.format(**{name: _chinese(value) for name, value in context.items()}), english)


def _chinese(value: object) -> object:
    """An enumeration as pydantic writes it (`'a', 'b' or 'c'`), joined the Chinese way."""
    return value.replace(", ", "、").replace(" or ", "或") if isinstance(value, str) else value
