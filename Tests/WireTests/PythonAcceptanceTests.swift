import CeleryCore
import Fixtures
import Testing
import Wire

/// What we write, judged by Python's rules: each check re-states what Celery's code
/// does with a message, using the standard library only.
@Suite struct PythonAcceptanceTests {
    private static let judge = #"""
        import json, sys
        from datetime import datetime

        HEADERS = ["lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit",
            "root_id", "parent_id", "argsrepr", "kwargsrepr", "origin", "ignore_result", "replaced_task_nesting",
            "stamped_headers", "stamps"]

        def signature(s):
            assert set(s) == {"task", "args", "kwargs", "options", "subtask_type", "immutable"}
            assert isinstance(s["task"], str) and isinstance(s["args"], list)
            assert isinstance(s["kwargs"], dict) and isinstance(s["options"], dict)

        def task(m):
            p, h, body = m["properties"], m["headers"], json.loads(m["body"])
            assert p["content_type"] == "application/json" and p["content_encoding"] == "utf-8"
            assert p["delivery_mode"] in (1, 2) and p["correlation_id"]
            assert p["expiration"] is None or int(p["expiration"]) >= 0
            args, kwargs, embed = body
            assert isinstance(args, list) and isinstance(kwargs, dict)
            for name in ("callbacks", "errbacks", "chain"):
                for s in embed[name] or []: signature(s)
            if embed["chord"]: signature(embed["chord"])
            assert list(h)[:len(HEADERS)] == HEADERS, list(h)
            assert isinstance(h["task"], str) and isinstance(h["id"], str)
            assert type(h["retries"]) is int and len(h["timelimit"]) == 2
            for name in ("eta", "expires"):
                if h[name] is not None: assert datetime.fromisoformat(h[name]).utcoffset() is not None
            assert isinstance(h["argsrepr"], str) and isinstance(h["stamps"], dict)
            # Byte for byte what Python would have sent.
            assert json.dumps(body) == m["body"], m["body"]

        def result(m):
            meta = json.loads(m["body"])
            assert list(meta)[:5] == ["status", "result", "traceback", "children", "date_done"]
            assert list(meta)[-1] == "task_id"
            if meta["date_done"] is not None: assert datetime.fromisoformat(meta["date_done"]).tzinfo is not None
            if meta["status"] in ("FAILURE", "RETRY", "REVOKED"):
                r = meta["result"]
                assert list(r) == ["exc_type", "exc_message", "exc_module"] and isinstance(r["exc_message"], list)
            assert json.dumps(meta) == m["body"]

        for line in sys.stdin:
            m = json.loads(line)
            (task if "headers" in m else result)(m)
            print("accepted")
        """#

    private func line(_ wire: WireMessage) -> JSON {
        let p = wire.properties
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        return [
            "properties": [
                "content_type": text(p.contentType), "content_encoding": text(p.contentEncoding),
                "delivery_mode": .int(Int64(p.deliveryMode ?? 0)), "correlation_id": text(p.correlationID),
                "expiration": text(p.expiration),
            ],
            "headers": .object(wire.headers), "body": .string(String(decoding: wire.body, as: UTF8.self)),
        ]
    }

    @Test func `accepts our messages and results`() throws {
        var random = SeededGenerator(seed: 41)
        let values: [JSON] = [
            nil, 1, -5, 1.0, 1e16, 1.5e-7, "plain", "ü😀\u{7F}\n\"\\", [1, [2]], ["k": "ü", "n": nil], .double(.nan),
            .bigInteger("123456789012345678901234567890"), true,
        ]
        func some() -> [JSON] { (0..<Int.random(in: 0...4, using: &random)).map { _ in values.randomElement(using: &random)! } }
        var lines: [JSON] = []
        for index in 0..<500 {
            let signature = Signature(task: "s", args: some(), kwargs: ["k": some().first ?? nil], options: ["task_id": "x"])
            let embed = TaskArguments.Embed(
                callbacks: index % 2 == 0 ? [signature] : [], errbacks: index % 3 == 0 ? [signature] : [],
                chain: index % 5 == 0 ? [signature, signature] : [], chord: index % 7 == 0 ? signature : nil)
            let arguments = TaskArguments(args: some(), kwargs: ["a": some().first ?? 1], embed: embed)
            var message = Message(task: "t", body: BodyCodec.encode(arguments))
            message.argsRepr = PythonRepr.args(arguments.args)
            message.kwargsRepr = PythonRepr.kwargs(arguments.kwargs)
            message.origin = "gen1@h"
            message.eta = Timestamp(seconds: Double.random(in: 0...4e9, using: &random))
            message.expires = index % 2 == 0 ? Timestamp(seconds: Double.random(in: 0...4e9, using: &random)) : nil
            message.hardTimeLimit = index % 3 == 0 ? 1.5 : nil
            message.headers = ["x-custom": "ü"]
            lines.append(line(TaskMessageEncoder.encode(message)))

            let state = [TaskState.success, .failure, .retry, .revoked, .started, .custom("X")][index % 6]
            var result = TaskResult(id: message.id, state: state, value: some().first ?? nil)
            if state.isException { result.failure = TaskFailure(type: "ValueError", arguments: some(), module: "builtins") }
            if state.isReady { result.dateDone = Timestamp(seconds: Double.random(in: 0...4e9, using: &random)) }
            result.traceback = index % 2 == 0 ? "Traceback\n  ü" : nil
            lines.append(["body": .string(ResultDocument(result).json().text(style: .python))])
        }
        let input = lines.map { $0.text(style: .python) }.joined(separator: "\n")
        #expect(try Python.lines(Self.judge, input: Array(input.utf8)).count == 1_000)
    }

    @Test func `is not satisfied with just anything`() throws {
        let message = Message(task: "t", body: MessageBody(bytes: Array("[[], {}]".utf8)))
        let input = line(TaskMessageEncoder.encode(message)).text(style: .python)
        #expect(throws: Python.Failed.self) { try Python.lines(Self.judge, input: Array(input.utf8)) }
    }
}
