#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `cloudevents convert` with what Python libraries write and read. Started by dev/differential."""

import argparse
import base64
import copy
import json
import random
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from io import BytesIO
from xml.etree import ElementTree

try:
    import fastavro
    from cloudevents.core.bindings.http import HTTPMessage, from_binary, from_structured, to_binary, to_structured
    from cloudevents.core.formats.json import JSONFormat
    from cloudevents.core.v1.event import CloudEvent
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
    from google.protobuf import any_pb2  # noqa: F401  (the schema refers to it)
except ImportError as error:
    print(
        f"differential: a Python package is missing ({error.name}); "
        "install them with: pip install protobuf fastavro cloudevents",
        file=sys.stderr,
    )
    sys.exit(2)

# An event here is {"attributes": {name: (type, value)}, "data": (kind, value)}. The types are those of CloudEvents; a
# timestamp's value is a pair (seconds, nanoseconds). The kinds of data are absent, json, text and bytes.

REQUIRED = ["id", "source", "specversion", "type"]
CORE_TYPES = {"time": "timestamp", "dataschema": "uri", "source": "uriref"}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def instant(value):
    """The pair (seconds, nanoseconds) of a timestamp in any form."""
    if isinstance(value, tuple):
        return value
    if isinstance(value, datetime):
        delta = value - EPOCH
        return (delta.days * 86400 + delta.seconds, delta.microseconds * 1000)
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|z|[+-]\d\d:\d\d)", value)
    whole = datetime.fromisoformat(f"{match[1]}T{match[2]}{'+00:00' if match[4] in 'Zz' else match[4]}")
    return (instant(whole)[0], int((match[3] or "0").ljust(9, "0")[:9]))


def timestamp_text(value):
    seconds, nanoseconds = value
    text = (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return text + (f".{nanoseconds:09d}" if nanoseconds else "") + "Z"


def canonical(kind, value):
    if kind == "timestamp":
        return timestamp_text(value)
    if kind == "binary":
        return base64.b64encode(value).decode()
    return json.dumps(value) if kind in ("boolean", "integer") else value


def is_json(event):
    content_type = event["attributes"].get("datacontenttype", (None, "application/json"))[1]
    subtype = content_type.split(";")[0].strip().lower().rpartition("/")[2]
    return subtype == "json" or subtype.endswith("+json")


# ---------------------------------------------------------------- random events


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self):
        pieces = ["a", "Z9 ", '"', "\\", "/", "é", "漢字", "😀", "\u00a0", "plain, ", "%41", "&<>", "\U0010fffd"]
        return "x" + "".join(self.random.choice(pieces) for _ in range(self.random.randrange(6))) + "y"

    def timestamp(self):
        # Python's own times have microseconds and no year 0.
        return (self.random.randrange(-62135596800 + 86400, 253402300800 - 86400),
                self.random.choice([0, 1000, 500_000_000, 999_999_000]))

    def bytes(self):
        return self.random.randbytes(self.random.randrange(1, 40))

    def json(self, depth=0):
        choice = self.random.randrange(6 if depth > 3 else 8)
        if choice == 0:
            return None if depth else True
        if choice == 1:
            return self.random.random() < 0.5
        if choice == 2:
            return self.random.choice([0, 7, -12, 2**31, 2**53 - 1])
        if choice == 3:
            return self.random.choice([0.5, -1.25, 0.1, 1e300, 5e-324, self.random.random()])
        if choice in (4, 5):
            return self.text() + self.random.choice(["", "\n\t\x01"])
        if choice == 6:
            return [self.json(depth + 1) for _ in range(self.random.randrange(4))]
        return {self.text(): self.json(depth + 1) for _ in range(self.random.randrange(4))}

    def value(self, kind):
        return {
            "boolean": lambda: self.random.random() < 0.5,
            "integer": lambda: self.random.choice([0, 1, -1, 127, 128, 2**31 - 1, -(2**31)]),
            "string": self.text,
            "binary": self.bytes,
            "uri": lambda: self.random.choice(["urn:x:1", "https://example.com/a?b=c%20d"]),
            "uriref": lambda: self.random.choice(["../a", "//host:80/p", "#f", "a%20b"]),
            "timestamp": self.timestamp,
        }[kind]()

    def event(self):
        attributes = {
            "id": ("string", self.text()),
            "source": ("uriref", self.value("uriref")),
            "specversion": ("string", "1.0"),
            "type": ("string", self.text()),
        }
        kind = self.random.choice(["absent", "json", "json", "text", "bytes"])
        types = {
            "absent": [None, "text/plain"],
            "json": [None, "application/json", "application/x+json"],
            "text": ["text/plain", "text/plain; charset=utf-8"],
            "bytes": [None, "application/octet-stream"],
        }
        content_type = self.random.choice(types[kind])
        if content_type:
            attributes["datacontenttype"] = ("string", content_type)
        for name, kind_of in [("subject", "string"), ("time", "timestamp"), ("dataschema", "uri")]:
            if self.random.random() < 0.5:
                attributes[name] = (kind_of, self.value(kind_of))
        for index in range(self.random.randrange(5)):
            kind_of = self.random.choice(["boolean", "integer", "string", "binary", "uri", "uriref", "timestamp"])
            attributes[f"x{kind_of}{index}"] = (kind_of, self.value(kind_of))
        data = {"absent": lambda: None, "json": self.json, "text": self.text, "bytes": self.bytes}[kind]()
        return {"attributes": attributes, "data": (kind, data)}


# ---------------------------------------------------------------- JSON and HTTP, by the CloudEvents library


class LibraryEvent:
    """The event that the library reads and writes; its own class would add a time where there is none."""

    def __init__(self, attributes, data):
        CloudEvent(dict(attributes), data)  # validates
        self.attributes, self.data = attributes, data

    def get_attributes(self):
        return self.attributes

    def get_data(self):
        return self.data


def library_event(event, plain=False):
    attributes = {}
    for name, (kind, value) in event["attributes"].items():
        if name == "time":
            attributes[name] = EPOCH + timedelta(seconds=value[0], microseconds=value[1] // 1000)
        else:
            native = kind in ("boolean", "integer") and not plain
            attributes[name] = value if native else canonical(kind, value)
    return LibraryEvent(attributes, event["data"][1])


def from_library(read):
    attributes = {}
    for name, value in read.get_attributes().items():
        kind = "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else None
        attributes[name] = (kind, value)
    event = {"attributes": attributes, "data": ("absent", None)}
    data = read.get_data()
    if isinstance(data, (bytes, bytearray)):
        event["data"] = ("bytes", bytes(data))
    elif data is not None:
        event["data"] = ("json" if is_json(event) else "text", data)
    return event


def json_encode(event):
    return JSONFormat().write(library_event(event))


def json_decode(data):
    return from_library(JSONFormat().read(LibraryEvent, data))


def http_text(message):
    headers = {name: value for name, value in message.headers.items() if name.lower() != "content-length"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    start = f"POST / HTTP/1.1\r\nHost: example.com\r\n{head}Content-Length: {len(message.body)}\r\n\r\n"
    return start.encode("latin-1") + message.body


def http_message(data):
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    # A message may begin with a start line, which has a space in front of any colon.
    if " " in lines[0].partition(":")[0]:
        lines = lines[1:]
    headers = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return HTTPMessage(headers, body)


def http_encode(event):
    message = to_binary(library_event(event, plain=True), JSONFormat())
    kind, value = event["data"]
    # The library writes a JSON string as its text and other scalars in Python's form.
    body = json.dumps(value).encode() if kind == "json" else message.body
    headers = dict(message.headers)
    if kind == "json" and "datacontenttype" not in event["attributes"]:
        headers["content-type"] = "application/json"
    return http_text(HTTPMessage(headers, body))


def http_decode(data):
    message = http_message(data)
    event = from_library(from_binary(HTTPMessage(message.headers, b""), JSONFormat(), LibraryEvent))
    event["data"] = ("bytes", message.body) if message.body else ("absent", None)
    return event


def http_structured_encode(event):
    return http_text(to_structured(library_event(event), JSONFormat()))


def http_structured_decode(data):
    return from_library(from_structured(http_message(data), JSONFormat(), LibraryEvent))


# ---------------------------------------------------------------- Protocol Buffers


def protobuf_messages():
    file = descriptor_pb2.FileDescriptorProto(
        name="cloudevents.proto", package="io.cloudevents.v1", syntax="proto3",
        dependency=["google/protobuf/any.proto", "google/protobuf/timestamp.proto"],
    )
    field = descriptor_pb2.FieldDescriptorProto

    def add(message, name, number, kind, type_name=None, oneof=None, repeated=False):
        new = message.field.add(name=name, number=number, type=kind)
        new.label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
        if type_name:
            new.type_name = type_name
        if oneof is not None:
            new.oneof_index = oneof

    event = file.message_type.add(name="CloudEvent")
    for number, name in enumerate(["id", "source", "spec_version", "type"], start=1):
        add(event, name, number, field.TYPE_STRING)
    entry = event.nested_type.add(name="AttributesEntry")
    entry.options.map_entry = True
    value_name = ".io.cloudevents.v1.CloudEvent.CloudEventAttributeValue"
    add(entry, "key", 1, field.TYPE_STRING)
    add(entry, "value", 2, field.TYPE_MESSAGE, value_name)
    add(event, "attributes", 5, field.TYPE_MESSAGE, ".io.cloudevents.v1.CloudEvent.AttributesEntry", repeated=True)
    event.oneof_decl.add(name="data")
    add(event, "binary_data", 6, field.TYPE_BYTES, oneof=0)
    add(event, "text_data", 7, field.TYPE_STRING, oneof=0)
    add(event, "proto_data", 8, field.TYPE_MESSAGE, ".google.protobuf.Any", oneof=0)
    value = event.nested_type.add(name="CloudEventAttributeValue")
    value.oneof_decl.add(name="attr")
    kinds = [("ce_boolean", field.TYPE_BOOL), ("ce_integer", field.TYPE_INT32), ("ce_string", field.TYPE_STRING),
             ("ce_bytes", field.TYPE_BYTES), ("ce_uri", field.TYPE_STRING), ("ce_uri_ref", field.TYPE_STRING)]
    for number, (name, kind) in enumerate(kinds, start=1):
        add(value, name, number, kind, oneof=0)
    add(value, "ce_timestamp", 7, field.TYPE_MESSAGE, ".google.protobuf.Timestamp", oneof=0)
    batch = file.message_type.add(name="CloudEventBatch")
    add(batch, "events", 1, field.TYPE_MESSAGE, ".io.cloudevents.v1.CloudEvent", repeated=True)
    pool = descriptor_pool.Default()
    pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
    return [message_factory.GetMessageClass(pool.FindMessageTypeByName(f"io.cloudevents.v1.{name}"))
            for name in ("CloudEvent", "CloudEventBatch")]


EventMessage, BatchMessage = protobuf_messages()
PROTOBUF_CASES = {"boolean": "ce_boolean", "integer": "ce_integer", "string": "ce_string", "binary": "ce_bytes",
                  "uri": "ce_uri", "uriref": "ce_uri_ref", "timestamp": "ce_timestamp"}


def protobuf_message(event):
    values = {name: value for name, (_, value) in event["attributes"].items()}
    message = EventMessage(id=values["id"], source=values["source"], spec_version="1.0", type=values["type"])
    for name, (kind, value) in event["attributes"].items():
        if name in REQUIRED:
            continue
        if kind == "timestamp":
            value = timestamp_pb2.Timestamp(seconds=value[0], nanos=value[1])
            message.attributes[name].ce_timestamp.CopyFrom(value)
        else:
            setattr(message.attributes[name], PROTOBUF_CASES[kind], value)
    kind, value = event["data"]
    if kind == "bytes":
        message.binary_data = value
    elif kind != "absent":
        message.text_data = json.dumps(value) if kind == "json" else value
    if kind == "json" and "datacontenttype" not in values:
        message.attributes["datacontenttype"].ce_string = "application/json"
    return message


def from_protobuf(message):
    attributes = {"id": message.id, "source": message.source, "specversion": message.spec_version, "type": message.type}
    attributes = {name: (None, value) for name, value in attributes.items()}
    kinds = {case: kind for kind, case in PROTOBUF_CASES.items()}
    for name, value in message.attributes.items():
        case = value.WhichOneof("attr")
        found = getattr(value, case)
        attributes[name] = (kinds[case], (found.seconds, found.nanos) if case == "ce_timestamp" else found)
    case = message.WhichOneof("data")
    data = ("absent", None) if case is None else ("bytes" if case == "binary_data" else "text", getattr(message, case))
    return {"attributes": attributes, "data": data}


def protobuf_encode(event):
    return protobuf_message(event).SerializeToString()


def protobuf_decode(data):
    return from_protobuf(EventMessage.FromString(data))


# ---------------------------------------------------------------- Avro

AVRO_SCHEMA = fastavro.parse_schema({
    "namespace": "io.cloudevents", "type": "record", "name": "CloudEvent",
    "fields": [
        {"name": "attribute", "type": {"type": "map", "values": ["null", "boolean", "int", "string", "bytes"]}},
        {"name": "data", "type": [
            "bytes", "null", "boolean",
            {"type": "map", "values": [
                "null", "boolean",
                {"type": "record", "name": "CloudEventData", "fields": [{"name": "value", "type": {
                    "type": "map", "values": [
                        "null", "boolean", {"type": "map", "values": "CloudEventData"},
                        {"type": "array", "items": "CloudEventData"}, "double", "string"]}}]},
                "double", "string"]},
            {"type": "array", "items": "CloudEventData"}, "double", "string"]},
    ],
})


class NotCarried(Exception):
    """The schema has no type for a JSON value at its place."""


def avro_value(value, place):
    """A JSON value as the schema carries it: `place` is data, object, record or records."""
    if isinstance(value, dict) or isinstance(value, list):
        if isinstance(value, list) and place not in ("data", "record"):
            raise NotCarried
        inner = {"data": "records" if isinstance(value, list) else "object", "object": "record", "records": "record",
                 "record": "records"}[place]
        if isinstance(value, list):
            return [avro_value(element, inner) for element in value]
        members = {name: avro_value(member, inner) for name, member in value.items()}
        return {"value": members} if inner == "record" else members
    if place == "records":
        raise NotCarried
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def from_avro_value(value, place):
    if isinstance(value, list):
        return [from_avro_value(element, "records") for element in value]
    if isinstance(value, dict):
        inner = {"data": "object", "object": "record", "records": "record", "record": "records"}[place]
        members = value["value"] if inner == "record" else value
        return {name: from_avro_value(member, inner) for name, member in members.items()}
    return value


def avro_encode(event):
    attributes = {name: value if kind in ("boolean", "integer", "binary") else canonical(kind, value)
                  for name, (kind, value) in event["attributes"].items()}
    kind, value = event["data"]
    if kind == "json":
        try:
            value = avro_value(value, "data")
        except NotCarried:
            value = json.dumps(value).encode()
            attributes.setdefault("datacontenttype", "application/json")
    output = BytesIO()
    fastavro.schemaless_writer(output, AVRO_SCHEMA, {"attribute": attributes, "data": value})
    return output.getvalue()


def avro_decode(data):
    reader = BytesIO(data)
    record = fastavro.schemaless_reader(reader, AVRO_SCHEMA, None)
    assert reader.read() == b"", "there are bytes behind the record"
    attributes = {}
    for name, value in record["attribute"].items():
        kinds = {bool: "boolean", int: "integer", bytes: "binary"}
        attributes[name] = (kinds.get(type(value)), value)
    event = {"attributes": attributes, "data": ("absent", None)}
    value = record["data"]
    if isinstance(value, bytes):
        event["data"] = ("bytes", value)
    elif value is not None:
        event["data"] = ("json" if is_json(event) else "text", from_avro_value(value, "data"))
    return event


# ---------------------------------------------------------------- XML

XML = "http://cloudevents.io/xmlformat/V1"
XML_TYPES = {"boolean": "boolean", "integer": "integer", "string": "string", "binary": "binary", "uri": "uri",
             "uriref": "uriRef", "timestamp": "timestamp"}
XML_NAMESPACES = f'xmlns="{XML}" xmlns:ce="{XML}" xmlns:xs="http://www.w3.org/2001/XMLSchema" ' \
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def xml_text(text):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(character if character >= " " else f"&#{ord(character)};" for character in escaped)


def xml_element(event, namespaces=XML_NAMESPACES):
    text = f'<event {namespaces} specversion="1.0">'
    for name, (kind, value) in event["attributes"].items():
        if name != "specversion":
            text += f'<{name} xsi:type="ce:{XML_TYPES[kind]}">{xml_text(canonical(kind, value))}</{name}>'
    kind, value = event["data"]
    if kind == "json" and "datacontenttype" not in event["attributes"]:
        text += '<datacontenttype xsi:type="ce:string">application/json</datacontenttype>'
    if kind == "bytes":
        text += f'<data xsi:type="xs:base64Binary">{base64.b64encode(value).decode()}</data>'
    elif kind != "absent":
        text += f'<data xsi:type="xs:string">{xml_text(json.dumps(value) if kind == "json" else value)}</data>'
    return text + "</event>"


def from_xml(element):
    kinds = {name: kind for kind, name in XML_TYPES.items()}
    event = {"attributes": {"specversion": (None, element.get("specversion"))}, "data": ("absent", None)}
    for child in element:
        name = child.tag.removeprefix(f"{{{XML}}}")
        kind = (child.get("{http://www.w3.org/2001/XMLSchema-instance}type") or "").rpartition(":")[2]
        text = child.text or ""
        if name == "data":
            event["data"] = ("bytes", base64.b64decode(text)) if kind == "base64Binary" else ("text", text)
        else:
            kind = kinds.get(kind)
            values = {"boolean": lambda: text == "true", "integer": lambda: int(text),
                      "binary": lambda: base64.b64decode(text)}
            event["attributes"][name] = (kind, values.get(kind, lambda: text)())
    return event


def xml_encode(event):
    return xml_element(event).encode()


def xml_decode(data):
    return from_xml(ElementTree.fromstring(data))


# ---------------------------------------------------------------- comparison


def attribute_difference(name, expected, found):
    kind, value = expected
    found_kind, found_value = found
    native = kind in ("boolean", "integer")
    # A format, or JSON on the way, may know a value of the other types only as text.
    allowed = [None, kind] if native else [None, kind, "string"]
    if name in CORE_TYPES and found_kind in (None, "string", "uri", "uriref", "timestamp"):
        allowed.append(found_kind)
    if found_kind not in allowed:
        return f"{name} is of the type {found_kind} instead of {kind}"
    if kind == "timestamp":
        same = instant(found_value) == value
    elif native and isinstance(found_value, str):
        same = found_value == canonical(kind, value)
    elif kind == "binary" and isinstance(found_value, str):
        same = found_value == canonical(kind, value)
    else:
        same = found_value == value and isinstance(found_value, bool) == isinstance(value, bool)
    return None if same else f"{name} is {found_value!r} instead of {value!r}"


def data_difference(expected, found):
    (kind, value), (found_kind, found_value) = expected, found
    if kind == "json" and found_kind in ("text", "bytes"):
        # As text where a format has no JSON, as bytes where it has no form for this value.
        found_value = json.loads(found_value)
        found_kind = "json"
    elif kind == "text" and found_kind == "bytes":
        found_kind, found_value = "text", found_value.decode()
    same = kind == found_kind and json_equal(value, found_value)
    return None if same else f"the data is {found_kind} {found_value!r} instead of {kind} {value!r}"


def json_equal(left, right):
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(json_equal(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(json_equal, left, right))
    return left == right


def with_implied_type(event):
    if event["data"][0] != "json" or "datacontenttype" in event["attributes"]:
        return event["attributes"]
    return event["attributes"] | {"datacontenttype": ("string", "application/json")}


def differences(expected, found, typed=False, by_http=False):
    """What is different, as texts.

    `typed` where both sides keep the types of all attributes; `by_http` where no data and empty data are one.
    """
    if by_http and expected["data"][0] == "absent" and found["data"][1] in ("", b""):
        found = found | {"data": ("absent", None)}
    left = with_implied_type(expected)
    right = found["attributes"]
    # JSON without a content type means JSON (J6): it may be said or not.
    if expected["data"][0] == "json":
        right = {"datacontenttype": ("string", "application/json")} | right
    texts = [f"{name} is missing" for name in left if name not in right]
    texts += [f"{name} is there" for name in right if name not in left]
    for name in left.keys() & right.keys():
        texts.append(attribute_difference(name, left[name], right[name]))
        # The specification's own attributes need no type beside them.
        is_implied = right[name][0] is None and name in ("datacontenttype", "dataschema", "subject", "time")
        if typed and name not in REQUIRED and not is_implied and right[name][0] != left[name][0]:
            texts.append(f"{name} is of the type {right[name][0]} instead of {left[name][0]}")
    texts.append(data_difference(expected["data"], found["data"]))
    return [text for text in texts if text]


# ---------------------------------------------------------------- runs

FORMATS = {
    "json": ("json", "json", json_encode, json_decode),
    "protobuf": ("protobuf", "protobuf", protobuf_encode, protobuf_decode),
    "avro": ("avro", "avro", avro_encode, avro_decode),
    "xml": ("xml", "xml", xml_encode, xml_decode),
    "http": ("http", "http", http_encode, http_decode),
    "http-structured": ("http", "http-structured", http_structured_encode, http_structured_decode),
}
TYPED = ["protobuf", "xml"]
BATCHES = {
    "protobuf": (
        lambda events: BatchMessage(events=[protobuf_message(event) for event in events]).SerializeToString(),
        lambda data: [from_protobuf(message) for message in BatchMessage.FromString(data).events],
    ),
    "json": (
        lambda events: b"[" + b",".join(json_encode(event) for event in events) + b"]",
        lambda data: [json_decode(json.dumps(event)) for event in json.loads(data)],
    ),
    "xml": (
        lambda events: (f"<batch {XML_NAMESPACES}>" + "".join(xml_element(event, "") for event in events) + "</batch>")
        .encode(),
        lambda data: [from_xml(element) for element in ElementTree.fromstring(data)],
    ),
}


class Run:
    def __init__(self, converter):
        self.converter = converter
        self.found = []
        self.conversions = 0

    def convert(self, source, target, data):
        self.conversions += 1
        command = [self.converter, "convert", "--from", source, "--to", target]
        result = subprocess.run(command, input=data, capture_output=True, timeout=60)
        if result.returncode != 0:
            message = result.stderr.decode(errors="replace").strip()
            raise RuntimeError(f"the converter ends with {result.returncode}: {message}")
        return result.stdout

    def check(self, title, body):
        try:
            texts = body()
        except Exception as error:  # Whatever a library throws is a difference too.
            texts = [f"{type(error).__name__}: {error}"]
        self.found += [f"{title}: {text}" for text in texts]

    def event(self, name, index, event):
        source, target, encode, decode = FORMATS[name]
        by_http = source == "http"

        def compare(found, typed=False):
            return differences(event, found, typed, by_http)

        title = f"event {index}, {name}"
        self.check(f"{title} to json", lambda: compare(json_decode(self.convert(source, "json", encode(event)))))
        self.check(f"json to {title}", lambda: compare(decode(self.convert("json", target, json_encode(event)))))
        self.check(f"{title} to itself", lambda: compare(
            decode(self.convert(source, target, encode(event))), typed=name in TYPED))

    def batch(self, name, index, events):
        encode, decode = BATCHES[name]

        def compare(found):
            if len(found) != len(events):
                return [f"there are {len(found)} events instead of {len(events)}"]
            return [text for pair in zip(events, found) for text in differences(*pair)]

        title = f"batch {index}, {name}"
        self.check(f"{title} to json", lambda: compare(
            BATCHES["json"][1](self.convert(f"{name}-batch", "json-batch", encode(events)))))
        self.check(f"json to {title}", lambda: compare(
            decode(self.convert("json-batch", f"{name}-batch", BATCHES["json"][0](events)))))


def run(arguments):
    generator = Generator(arguments.seed)
    events = [generator.event() for _ in range(arguments.count)]
    chosen = arguments.formats.split(",") if arguments.formats else ["json", "protobuf", "avro", "xml", "http"]
    names = [name for name in FORMATS if name.removesuffix("-structured") in chosen]
    comparison = Run(arguments.converter)
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(comparison.event, name, index, event)
                for index, event in enumerate(events) for name in names]
        size = 25
        batches = [events[start:start + size] for start in range(0, len(events), size)] + [[]]
        jobs += [pool.submit(comparison.batch, name, index, batch)
                 for index, batch in enumerate(batches) for name in chosen if name in BATCHES]
        for job in jobs:
            job.result()
    for text in sorted(comparison.found)[:50]:
        print(text)
    print(f"{len(events)} events of seed {arguments.seed}, {comparison.conversions} conversions of "
          f"{', '.join(names)}: {len(comparison.found)} differences")
    return 1 if comparison.found else 0


# ---------------------------------------------------------------- the comparison itself


def damaged(event, generator):
    """Copies of an event with one thing changed each."""
    kind, value = event["data"]
    changes = {"absent": lambda: ("bytes", b"x"), "json": lambda: ("json", [value]),
               "text": lambda: ("text", value + "x"), "bytes": lambda: ("bytes", value + b"x")}
    yield {"attributes": event["attributes"], "data": changes[kind]()}
    yield {"attributes": event["attributes"], "data": ("absent", None) if kind != "absent" else ("text", "")}
    for name, (kind, value) in event["attributes"].items():
        for change in ("remove", "value", "type"):
            copied = copy.deepcopy(event)
            if change == "remove":
                if name == "datacontenttype" and event["data"][0] == "json" and value == "application/json":
                    continue
                del copied["attributes"][name]
            elif change == "value":
                changed = {"boolean": lambda: not value, "integer": lambda: value ^ 1, "binary": lambda: value + b"x",
                           "timestamp": lambda: (value[0] + 1, value[1])}
                copied["attributes"][name] = (kind, changed.get(kind, lambda: value + "x")())
            else:
                copied["attributes"][name] = ("boolean" if kind == "integer" else "integer", value)
            yield copied
    copied = copy.deepcopy(event)
    copied["attributes"]["xmore"] = ("string", generator.text())
    yield copied


def self_test(arguments):
    generator = Generator(arguments.seed)
    checks = 0
    problems = []

    def check(condition, text):
        nonlocal checks
        checks += 1
        if not condition:
            problems.append(text)

    for index in range(arguments.count):
        event = generator.event()
        for name, (_, _, encode, decode) in FORMATS.items():
            found = differences(event, decode(encode(event)), typed=name in TYPED)
            check(not found, f"event {index} changes in {name}: {found}")
        for name, (encode, decode) in BATCHES.items():
            found = decode(encode([event, event]))
            check(len(found) == 2 and not differences(event, found[1]), f"event {index} changes in a batch of {name}")
        for changed in damaged(event, generator):
            check(differences(event, changed), f"event {index}: a change is not seen: {changed}")
    # id, source, spec_version, type, and the entry time with seconds only; written by hand.
    fixed = b"\x0a\x011\x12\x02/s\x1a\x031.0\x22\x01t\x2a\x10\x0a\x04time\x12\x08\x3a\x06\x08\x89\x95\x87\xd7\x05"
    read = protobuf_decode(fixed)
    check(read["attributes"]["time"] == ("timestamp", (1524746889, 0)), "a known Timestamp is read wrongly")
    check(instant("2018-04-26T14:48:09+02:00") == (1524746889, 0), "a time with an offset is read wrongly")
    check(instant(timestamp_text((-62135510400, 1000))) == (-62135510400, 1000), "an early time is written wrongly")
    check(avro_value([{"a": {"b": {}}}], "data") == [{"value": {"a": {"b": {"value": {}}}}}], "Avro is nested wrongly")
    for value in ([1], {"a": []}, {"a": {"b": {"c": 1}}}):
        try:
            avro_value(value, "data")
            check(False, f"Avro carries {value}")
        except NotCarried:
            checks += 1
    for text in problems[:20]:
        print(text)
    print(f"{checks} checks of the comparison: {len(problems)} failed")
    return 1 if problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--converter", help="the executable `cloudevents`")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200, help="how many events")
    parser.add_argument("--formats", help="some of json, protobuf, avro, xml, http; all by default")
    parser.add_argument("--self-test", action="store_true", help="check the comparison itself")
    parser.add_argument("--check-packages", action="store_true", help="end after the packages were found")
    arguments = parser.parse_args()
    if arguments.check_packages:
        return 0
    if arguments.self_test:
        return self_test(arguments)
    if not arguments.converter:
        parser.error("--converter is needed")
    if not shutil.which(arguments.converter):
        parser.error(f"the converter {arguments.converter} cannot be executed; build the product cloudevents")
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
