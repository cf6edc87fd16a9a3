import CeleryCore
import Testing
import Wire

/// Table 2.5 of the wire format, row by row: what Python's worker does with odd input,
/// with rejection in place of its crashes.
@Suite struct OddInputTests {
    private static let embed = #"{"callbacks": null, "errbacks": null, "chain": null, "chord": null}"#

    private func wire(
        headers: JSONObject = ["task": "add", "id": "i"], body: String = "[[1, 2], {}, \(embed)]",
        contentType: String? = "application/json", contentEncoding: String? = "utf-8"
    ) -> WireMessage {
        WireMessage(
            routingKey: "celery",
            properties: WireProperties(contentType: contentType, contentEncoding: contentEncoding, deliveryMode: 2),
            headers: headers, body: Array(body.utf8))
    }

    /// Runs both steps of reading; returns the arguments.
    private func run(_ wire: WireMessage) throws -> TaskArguments {
        try BodyCodec.decode(TaskMessageDecoder().decode(wire).body)
    }

    /// The reason for which the headers are refused.
    private func refusal(_ wire: WireMessage) -> MalformedMessage.Reason? {
        do throws(MalformedMessage) {
            _ = try TaskMessageDecoder().decode(wire)
            return nil
        } catch { return error.reason }
    }

    /// What is found in the body after the headers were accepted.
    private func bodyError(_ wire: WireMessage) throws -> BodyError? {
        let message = try TaskMessageDecoder().decode(wire)
        do throws(BodyError) {
            _ = try BodyCodec.decode(message.body)
            return nil
        } catch { return error }
    }

    private func bodyReason(_ wire: WireMessage) throws -> MalformedMessage.Reason? {
        if case .malformed(let error) = try bodyError(wire) { error.reason } else { nil }
    }

    @Test func `headers with only task and id run, whether embed is empty or null`() throws {
        #expect(try run(wire(body: "[[1, 2], {}, {}]")).args == [1, 2])
        let arguments = try run(wire(body: "[[1, 2], {\"k\": 3}, null]"))
        #expect(arguments == TaskArguments(args: [1, 2], kwargs: ["k": 3]))
        let message = try TaskMessageDecoder().decode(wire())
        #expect(message.retries == 0)
        #expect(message.rootID == nil)
        #expect(message.isPersistent)
    }

    @Test func `a body that is not three elements is rejected when the body is read`() throws {
        for body in ["[[], {}]", "[[], {}, {}, {}]", "[]", "5", "\"text\"", "null"] {
            #expect(try bodyReason(wire(body: body)) == .bodyShape)
        }
        #expect(MalformedMessage.Reason.bodyShape.stage == .body)
    }

    @Test func `an absent content type is rejected`() {
        #expect(refusal(wire(contentType: nil)) == .contentType)
    }

    @Test func `a message without an id is rejected`() {
        #expect(refusal(wire(headers: ["task": "add"])) == .missingID)
        #expect(refusal(wire(headers: ["task": "add", "id": nil])) == .missingID)
        #expect(refusal(wire(headers: [:], body: #"{"task": "add", "args": []}"#)) == .missingID)
    }

    @Test(arguments: ["application/json; charset=utf-8", "text/plain", "application/x-python-serialize", "APPLICATION/JSON", ""])
    func `any other content type is rejected`(contentType: String) {
        #expect(refusal(wire(contentType: contentType)) == .contentType)
    }

    @Test func `an absent content encoding runs`() throws {
        #expect(try run(wire(contentEncoding: nil)).args == [1, 2])
        #expect(refusal(wire(contentEncoding: "utf-16")) == .contentEncoding)
    }

    @Test func `kwargs null and args an object are failures of the task`() throws {
        #expect(try bodyError(wire(body: "[[], null, {}]"))
            == .invalidTask(.invalidTask("task keyword arguments must be a mapping")))
        #expect(try bodyError(wire(body: "[{}, {}, {}]")) == .invalidTask(.invalidTask("task args must be a list")))
        #expect(try bodyError(wire(body: "[[], {}, 7]")) == .invalidTask(.invalidTask("embed must be a mapping")))
        #expect(try bodyError(wire(body: #"[[], {}, {"callbacks": [{"args": []}]}]"#))
            == .invalidTask(.invalidTask("a signature names no task")))
        let oldStyle = wire(headers: [:], body: #"{"task": "t", "id": "i", "kwargs": null}"#)
        #expect(try bodyError(oldStyle) == .invalidTask(.invalidTask("task keyword arguments must be a mapping")))
    }

    @Test func `an ETA with Z, with an offset or naive is accepted`() throws {
        func eta(_ text: String, _ zone: NaiveZone = .utc) throws -> Timestamp? {
            try TaskMessageDecoder(naiveZone: zone).decode(wire(headers: ["task": "t", "id": "i", "eta": .string(text)])).eta
        }
        let time = Timestamp(seconds: 1_577_934_245)
        #expect(try eta("2020-01-02T03:04:05Z") == time)
        #expect(try eta("2020-01-02T03:04:05+00:00") == time)
        #expect(try eta("2020-01-02T03:04:05") == time)
        #expect(try eta("2020-01-02T03:04:05", .offset(seconds: 3_600)) == Timestamp(seconds: time.seconds - 3_600))
    }

    @Test func `an ETA that is no time is rejected`() {
        for value in ["soon", "", 1_577_934_245, 3.5, true, []] as [JSON] {
            #expect(refusal(wire(headers: ["task": "t", "id": "i", "eta": value])) == .invalidField)
            #expect(refusal(wire(headers: ["task": "t", "id": "i", "expires": value])) == .invalidField)
        }
    }

    @Test func `a body that is not JSON is rejected`() throws {
        #expect(refusal(wire(headers: [:], body: "not json")) == .bodyNotJSON)
        #expect(refusal(wire(headers: [:], body: "")) == .bodyNotJSON)
        #expect(try bodyReason(wire(body: "not json")) == .bodyNotJSON)
        #expect(refusal(wire(body: "{broken")) == .bodyNotJSON)
    }

    @Test func `JSON without a task is rejected`() {
        for body in ["{}", "[]", "[[], {}, {}]", "1", #"{"id": "i"}"#] {
            #expect(refusal(wire(headers: [:], body: body)) == .unknownMessage)
        }
    }

    @Test func `unknown names and expired messages are for the worker to judge`() throws {
        let headers: JSONObject = ["task": "no.such", "id": "i", "expires": "2001-01-01T00:00:00"]
        #expect(try TaskMessageDecoder().decode(wire(headers: headers)).task == "no.such")
    }

    @Test func `a task header that is no name is rejected`() {
        for value in [nil, 5, "", []] as [JSON] {
            #expect(refusal(wire(headers: ["task": value, "id": "i"])) == .missingTask)
        }
    }

    @Test func `extra headers are kept`() throws {
        let headers: JSONObject = ["task": "t", "id": "i", "x": [1, ["y": nil]]]
        #expect(try TaskMessageDecoder().decode(wire(headers: headers)).headers == ["x": [1, ["y": nil]]])
    }

    @Test func `an id that is a number runs`() throws {
        #expect(try TaskMessageDecoder().decode(wire(headers: ["task": "t", "id": 17])).id == TaskID("17"))
    }

    @Test func `a hybrid of both protocols runs`() throws {
        let body = #"{"task": "t", "id": "i", "args": [1], "kwargs": {"k": 2}, "retries": 3, "eta": null, "callbacks": null}"#
        let message = try TaskMessageDecoder().decode(wire(headers: ["task": "t", "id": "i"], body: body))
        #expect(message.retries == 3)
        #expect(try BodyCodec.decode(message.body) == TaskArguments(args: [1], kwargs: ["k": 2]))
        // Straight to the body, as when it came compressed.
        #expect(try BodyCodec.decode(MessageBody(bytes: Array(body.utf8))).args == [1])
    }

    @Test func `fields of the wrong type are rejected by name`() {
        for (name, value) in [
            ("retries", "many"), ("timelimit", [1]), ("timelimit", ["a", nil]), ("group", []), ("group_index", 1.5),
            ("root_id", [:]), ("ignore_result", "no"),
        ] as [(String, JSON)] {
            do throws(MalformedMessage) {
                _ = try TaskMessageDecoder().decode(wire(headers: ["task": "t", "id": "i", name: value]))
                Issue.record("accepted \(name)")
            } catch {
                #expect(error.reason == .invalidField)
                #expect(error.description.hasPrefix("invalid \(name) value: "))
            }
        }
    }

    @Test func `a compression nobody here can undo is rejected by its name`() {
        #expect(refusal(wire(headers: ["task": "t", "id": "i", "compression": "application/zstd"])) == .compression)
        #expect(throws: MalformedMessage(.compression, "compression 'application/zstd' is not supported; gzip, bzip2 and lzma are")) {
            try TaskMessageDecoder().decode(wire(headers: ["task": "t", "id": "i", "compression": "application/zstd"]))
        }
    }

    @Test func `protocol 1 prefers taskset over group, and reads naive times as UTC`() throws {
        let body = #"{"task": "t", "id": "i", "group": "g", "taskset": "s", "eta": "2020-01-02T03:04:05"}"#
        let message = try TaskMessageDecoder(naiveZone: .offset(seconds: 7_200)).decode(wire(headers: [:], body: body))
        #expect(message.groupID == "s")
        #expect(message.eta == Timestamp(seconds: 1_577_934_245))
        #expect(try BodyCodec.decode(message.body) == TaskArguments())
        let local = body.replacing("{\"task\"", with: "{\"utc\": false, \"task\"")
        let other = try TaskMessageDecoder(naiveZone: .offset(seconds: 7_200)).decode(wire(headers: [:], body: local))
        #expect(other.eta == Timestamp(seconds: 1_577_927_045))
    }

    @Test func `every reason belongs to one stage`() {
        let header = MalformedMessage.Reason.allCases.filter { $0.stage == .headers }
        #expect(header == [.contentType, .contentEncoding, .compression, .missingTask, .missingID, .invalidField])
    }
}
