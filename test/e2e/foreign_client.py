"""A client that shares no code with Writ: grpcio and protobuf from Debian. It calls, and prints what it saw as JSON.

usage: foreign_client.py TARGET KEYS.json DESCRIPTORS...   (python.test.ts judges the report)
"""

import base64
import hashlib
import json
import queue
import random
import sys
import uuid

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

AUTHORIZATION = "writ.v1.AuthorizationService"
LINEAGE = "writ.v1.LineageService"
REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
TIMEOUT_S = 10
MAX_REPLY_BYTES = 64 * 1024 * 1024

target, keys_file, *descriptor_files = sys.argv[1:]
with open(keys_file, encoding="utf-8") as file:
    KEYS = json.load(file)

pool = descriptor_pool.DescriptorPool()
for name in descriptor_files:
    with open(name, "rb") as file:
        for described in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
            pool.AddSerializedFile(described.SerializeToString())

channel = grpc.insecure_channel(
    target,
    options=[
        ("grpc.max_send_message_length", -1),
        ("grpc.max_receive_message_length", MAX_REPLY_BYTES),
        ("grpc.enable_retries", 0),
    ],
)


def type_of(name):
    descriptor = pool.FindMessageTypeByName(name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


def message(name, value):
    return json_format.ParseDict(value, type_of("writ.v1." + name)())


def credential(role):
    return [("authorization", "Bearer " + KEYS[role])] if role else []


def serialize(value):
    return value if isinstance(value, bytes) else value.SerializeToString()


def error_info(status):
    """The google.rpc.ErrorInfo of a google.rpc.Status, as a dict; None when there is none."""
    for detail in status.details:
        if detail.type_url == "type.googleapis.com/google.rpc.ErrorInfo":
            info = type_of("google.rpc.ErrorInfo").FromString(detail.value)
            return {"reason": info.reason, "domain": info.domain, "metadata": dict(info.metadata)}
    return None


def failure(error):
    trailers = dict(error.trailing_metadata() or ())
    packed = trailers.get("grpc-status-details-bin")
    status = type_of("google.rpc.Status").FromString(packed) if packed else None
    return {
        "code": error.code().name,
        "message": error.details(),
        "status_code": status.code if status else None,
        "info": error_info(status) if status else None,
    }


def plain(reply):
    return json_format.MessageToDict(reply, preserving_proto_field_name=True, descriptor_pool=pool)


def call(service, method, request, role, timeout=TIMEOUT_S):
    """One unary call: {"code": "OK", "reply": {...}}, or the code and the ErrorInfo. `request`: a message or bytes."""
    described = pool.FindServiceByName(service).FindMethodByName(method)
    stub = channel.unary_unary(
        f"/{service}/{method}",
        request_serializer=serialize,
        response_deserializer=type_of(described.output_type.full_name).FromString,
    )
    try:
        return {"code": "OK", "reply": plain(stub(request, metadata=credential(role), timeout=timeout))}
    except grpc.RpcError as error:
        return failure(error)


def authorize(request, role="pep", timeout=TIMEOUT_S):
    return call(AUTHORIZATION, "Authorize", request, role, timeout)


def read_page(**more):
    """A request that the example bundle allows."""
    return {
        "request_id": str(uuid.uuid4()),
        "subject": {"type": "agent", "id": "agent:researcher", "properties": {"team": "research"}},
        "action": {"name": "http.get"},
        "resource": {"type": "url", "id": "https://example.com/"},
        "audience": "runner",
        **more,
    }


def request(**more):
    return message("AuthorizeRequest", read_page(**more))


def decisions():
    parameters = b'{"amount": 100, "instalments": 4}'
    payment = {
        "subject": {"type": "agent", "id": "agent:treasurer", "properties": {"team": "finance"}},
        "action": {"name": "payment.send"},
        "resource": {"type": "account", "id": "DE02", "properties": {"currency": "EUR"}},
        "parameters": base64.b64encode(parameters).decode(),
        "parameters_content_type": "application/json",
        "requested_ttl": "20s",
    }
    allow = authorize(request(**payment))
    again = read_page()
    return {
        "allow": allow,
        "digest": base64.urlsafe_b64encode(hashlib.sha256(parameters).digest()).decode().rstrip("="),
        "deny": authorize(request(resource={"type": "url", "id": "ftp://example.com/"})),
        "deny by rule": authorize(request(resource={"type": "url", "id": "https://169.254.169.254/x"})),
        "no credential": authorize(request(), role=None),
        "wrong role": authorize(request(), role="auditor"),
        "first": authorize(message("AuthorizeRequest", again)),
        "repeat": authorize(message("AuthorizeRequest", again)),
        "other content": authorize(message("AuthorizeRequest", {**again, "audience": "another"})),
        "late": authorize(message("AuthorizeRequest", {**again, "request_id": "late"}), timeout=1e-6),
        "after late": authorize(message("AuthorizeRequest", {**again, "request_id": "late"})),
        "not built yet": call("writ.v1.AdminService", "ListSubjects", message("ListSubjectsRequest", {}), "operator"),
        "batch": call(
            AUTHORIZATION,
            "AuthorizeBatch",
            message(
                "AuthorizeBatchRequest",
                {"requests": [read_page(), read_page(audience=""), read_page(action={"name": "http.post"})]},
            ),
            "pep",
        ),
    }


def stream():
    """Eight in flight, one message that is no protobuf among them, one that is late; then one more."""
    outbox = queue.Queue()
    method = channel.stream_stream(
        f"/{AUTHORIZATION}/AuthorizeStream",
        request_serializer=serialize,
        response_deserializer=type_of("writ.v1.AuthorizeStreamResponse").FromString,
    )

    def asked(sequence, more, **fields):
        return message("AuthorizeStreamRequest", {"sequence": sequence, "request": read_page(**more), **fields})

    for sequence in range(1, 9):
        outbox.put(asked(sequence, {}))
        if sequence == 4:
            outbox.put(asked(99, {}).SerializeToString()[:-2])
    late = {"request_id": "late-in-stream"}
    outbox.put(asked(9, late, timeout="0.000000001s"))
    replies = method(iter(outbox.get, None), metadata=credential("pep"), timeout=TIMEOUT_S)

    def receive():
        reply = next(replies)
        seen = plain(reply)
        if reply.HasField("status"):
            seen["info"] = error_info(reply.status)
        return seen

    burst = [receive() for _ in range(10)]
    outbox.put(asked(10, late))
    after = receive()
    outbox.put(None)
    return {"burst": burst, "after": after, "left": len(list(replies)), "code": replies.code().name}


def lifecycle(allowed):
    token, execution = allowed["token"], {"execution_id": allowed["execution_id"]}
    head, body, signature = token.split(".")

    def verify(**question):
        return call(AUTHORIZATION, "VerifyToken", message("VerifyTokenRequest", question), "executor")

    def revoke():
        return call(
            AUTHORIZATION,
            "RevokeExecution",
            message("RevokeExecutionRequest", {**execution, "reason": "a test"}),
            "operator",
        )

    def lineage(**which):
        return call(LINEAGE, "VerifyLineage", message("VerifyLineageRequest", which), "auditor")

    return {
        "token": verify(token=token, audience="runner"),
        "another audience": verify(token=token, audience="another"),
        "altered token": verify(token=".".join([head, body[:-2] + "AA", signature]), audience="runner"),
        "revoke": revoke(),
        "revoke again": revoke(),
        "token after revocation": verify(token=token, audience="runner"),
        "lineage": lineage(**execution),
        "unknown lineage": lineage(execution_id=str(uuid.uuid4())),
    }


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def root_from(index, size, leaf_hash, proof):
    """RFC 9162 section 2.1.3.2."""
    node, last, root = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise ValueError("the proof is too long")
        if node % 2 == 1 or node == last:
            root = sha256(b"\x01", sibling, root)
            while node % 2 == 0 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            root = sha256(b"\x01", root, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise ValueError("the proof is too short")
    return root


def inclusion(allowed):
    index = int(allowed["receipt"]["leaf_index"])
    checkpoint = call(LINEAGE, "GetCheckpoint", message("GetCheckpointRequest", {}), "auditor")["reply"]
    size = int(checkpoint["tree_size"])
    proved = call(
        LINEAGE,
        "GetInclusionProof",
        message("GetInclusionProofRequest", {"leaf_index": index, "tree_size": size}),
        "auditor",
    )["reply"]
    record = call(LINEAGE, "GetRecord", message("GetRecordRequest", {"leaf_index": index}), "auditor")["reply"]["record"]
    leaf_hash = sha256(b"\x00", base64.b64decode(record["body"]))
    root = root_from(index, size, leaf_hash, [base64.b64decode(item) for item in proved.get("proof", [])])
    origin, note_size, note_root = checkpoint["checkpoint"].split("\n")[:3]
    return {
        "leaf hash": leaf_hash.hex(),
        "leaf hash of the receipt": base64.b64decode(allowed["receipt"]["leaf_hash"]).hex(),
        "root": base64.b64encode(root).decode(),
        "root of the checkpoint": note_root,
        "size": size,
        "size of the checkpoint": int(note_size),
        "origin": origin,
        "log of the receipt": allowed["receipt"]["log"],
        "beyond the end": call(
            LINEAGE,
            "GetInclusionProof",
            message("GetInclusionProofRequest", {"leaf_index": 2**64 - 1}),
            "auditor",
        ),
    }


def health():
    stub = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=serialize,
        response_deserializer=type_of("grpc.health.v1.HealthCheckResponse").FromString,
    )
    return plain(stub(b"", timeout=TIMEOUT_S))


def reflection(role):
    stub = channel.stream_stream(
        REFLECTION,
        request_serializer=serialize,
        response_deserializer=type_of("grpc.reflection.v1.ServerReflectionResponse").FromString,
    )
    asked = type_of("grpc.reflection.v1.ServerReflectionRequest")
    questions = [asked(list_services=""), asked(file_containing_symbol=AUTHORIZATION)]
    try:
        listed, found = list(stub(iter(questions), metadata=credential(role), timeout=TIMEOUT_S))
    except grpc.RpcError as error:
        return failure(error)
    files = found.file_descriptor_response.file_descriptor_proto
    described = [descriptor_pb2.FileDescriptorProto.FromString(item) for item in files]
    return {
        "code": "OK",
        "services": [service.name for service in listed.list_services_response.service],
        "methods": [method.name for item in described for service in item.service for method in service.method],
    }


def damaged(value, text, by):
    """The encoded message with one text replaced by bytes of the same length."""
    encoded = value.SerializeToString()
    assert len(text) == len(by) and encoded.count(text) == 1
    return encoded.replace(text, by)


def tail(**fields):
    """Fields that are appended to a request: protobuf reads both, the last one counts."""
    part = type_of("writ.v1.AuthorizeRequest")()
    json_format.ParseDict(fields, part)
    return part.SerializeToString()


def number_in_context(value):
    made = request()
    made.context.fields["n"].number_value = value
    return made.SerializeToString()


def null_in_context(number):
    made = request()
    made.context.fields["n"].null_value = 0
    field = b"\x0a\x01n\x12\x02\x08"  # key "n", value: field 1, varint
    encoded = made.SerializeToString()
    assert encoded.count(field + b"\x00") == 1
    return encoded.replace(field + b"\x00", field + bytes([number]))


def oversize(size):
    return request(context={"ticket": "x" * size})


def hostile_authorize():
    """What only a client without our types, or without scruples, sends to Authorize."""
    valid = request().SerializeToString()
    both = [tail(parameters="e30="), tail(parameters_digest=base64.b64encode(bytes(32)).decode())]
    entity = {"type": "url", "id": "x"}
    return {
        "nothing": b"",
        "no protobuf": b"\xff" * 64,
        "truncated": valid[:-3],
        "a length beyond the end": b"\x0a\x7f\x61",
        "request_id not UTF-8": damaged(request(request_id="r" * 8), b"r" * 8, b"\xff" * 8),
        "resource.id not UTF-8": damaged(request(resource={"type": "url", "id": "abcd"}), b"abcd", b"a\xc3\x28d"),
        "a property not UTF-8": damaged(request(context={"ticket": "OPSOPS"}), b"OPSOPS", b"OPS\xf0\x9f\x98"),
        "a property's name not UTF-8": damaged(request(context={"tickle": "x"}), b"tickle", b"\xed\xa0\x80kle"),
        "both members of a oneof": valid + both[0] + both[1],
        "both members of a oneof, turned": valid + both[1] + both[0],
        "an unknown number of an enum": null_in_context(7),
        "NaN": number_in_context(float("nan")),
        "infinity": number_in_context(float("-inf")),
        "a negative zero": number_in_context(-0.0),
        "NUL in request_id": request(request_id="a\0b"),
        "NUL in subject.id": request(subject={"type": "agent", "id": "agent:researcher\0"}),
        "NUL in resource.id": request(resource={**entity, "id": "\0"}),
        "NUL in audience": request(audience="runner\0"),
        "a key twice in the parameters": request(
            parameters=base64.b64encode(b'{"amount": 1, "amount": 2}').decode(),
            parameters_content_type="application/json",
        ),
        "no request_id": request(request_id=""),
        "no subject.id": request(subject={"type": "agent", "id": ""}),
        "no resource.type": request(resource={**entity, "type": ""}),
        "no audience": request(audience=""),
        "request_id of 100 kB": request(request_id="r" * 100_000),
        "subject.id of 1 MB": request(subject={"type": "agent", "id": "s" * 1_000_000}),
        "resource.id of 513 bytes": request(resource={**entity, "id": "\u00e9" * 256 + "x"}),
        "properties of 3 MB": oversize(3_000_000),
        "20,000 properties": request(context={f"p{i}": i for i in range(20_000)}),
        "properties of 10 MB": oversize(10_000_000),
    }


def hostile_calls():
    """The same for other methods: service, method, bytes, role."""
    executor = (AUTHORIZATION, "VerifyToken", "executor")
    huge = {"token": "t" * 100_000, "audience": "runner"}
    one, other = {"parameters": "e30="}, {"parameters_digest": base64.b64encode(bytes(32)).decode()}
    both = [message("VerifyTokenRequest", {"token": "t", "audience": "a", **part}) for part in (one, other)]
    return {
        "VerifyToken, truncated": (*executor, b"\x0a\x05ab"),
        "VerifyToken, both members of a oneof": (*executor, b"".join(part.SerializeToString() for part in both)),
        "VerifyToken, 100 kB": (*executor, message("VerifyTokenRequest", huge)),
        "RevokeExecution, NUL": (
            AUTHORIZATION,
            "RevokeExecution",
            "operator",
            message("RevokeExecutionRequest", {"execution_id": "\0"}),
        ),
        "AuthorizeBatch, none": (AUTHORIZATION, "AuthorizeBatch", "pep", b""),
        "AuthorizeBatch, 65": (
            AUTHORIZATION,
            "AuthorizeBatch",
            "pep",
            message("AuthorizeBatchRequest", {"requests": [read_page() for _ in range(65)]}),
        ),
        "GetLineage, not UTF-8": (LINEAGE, "GetLineage", "auditor", b"\x0a\x02\xff\xfe"),
        "GetRecord, both members of a oneof": (
            LINEAGE,
            "GetRecord",
            "auditor",
            b"\x10\x01" + b"\x1a\x20" + bytes(32),
        ),
        "ListRecords, a page of -1": (LINEAGE, "ListRecords", "auditor", message("ListRecordsRequest", {"page_size": -1})),
    }


def hostile():
    seen = {}
    for name, sent in hostile_authorize().items():
        seen[name] = {**authorize(sent), "next": authorize(request())["code"]}
    for name, (service, method, role, sent) in hostile_calls().items():
        seen[name] = {**call(service, method, sent, role), "next": authorize(request())["code"]}
    return seen


def mutations():
    """Every truncation and 400 random changes of a valid request: what is not OK must say why."""
    chance = random.Random(7)
    outcomes = {}
    unexplained = []

    def note(kind, sent):
        answer = authorize(sent)
        outcome = answer["code"] if answer["code"] == "OK" else (answer["info"] or {}).get("reason")
        outcomes.setdefault(kind, {}).setdefault(outcome, 0)
        outcomes[kind][outcome] += 1
        if outcome is None:
            unexplained.append({"sent": sent.hex(), **answer})

    whole = request().SerializeToString()
    for end in range(len(whole)):
        note("truncated", whole[:end])
    for _ in range(400):
        sent = bytearray(request(context={"ticket": "OPS-1"}).SerializeToString())
        for _ in range(chance.randint(1, 4)):
            sent[chance.randrange(len(sent))] = chance.randrange(256)
        note("mutated", bytes(sent))
    return {"outcomes": outcomes, "length": len(whole), "unexplained": unexplained, "next": authorize(request())["code"]}


def main():
    allowed = authorize(request())["reply"]
    report = {
        "versions": {"grpcio": grpc.__version__},
        "decisions": decisions(),
        "stream": stream(),
        "lifecycle": lifecycle(allowed),
        "inclusion": inclusion(allowed),
        "health": health(),
        "reflection": reflection("auditor"),
        "reflection without credential": reflection(None),
        "hostile": hostile(),
        "mutations": mutations(),
    }
    channel.close()
    json.dump(report, sys.stdout)


main()
