import CeleryCore
import Fixtures
import Synchronization
import Testing

@testable import STOMP

/// A connection and its thread, against a server that keeps to a script.
@Suite(.timeLimit(.minutes(2))) struct STOMPLinkTests {
    private let send = STOMPFrame("SEND", [.init("destination", "/queue/a")], body: [1], wantsReceipt: true)

    @Test func `a sender is told when all receipts have come, in whatever order`() async throws {
        let held = Mutex<[String]>([])
        let server = try STOMPScript { frame in
            guard let receipt = frame["receipt"], frame.command == "SEND" else { return STOMPScript.receipt(frame) }
            return held.withLock { held in
                held.append(receipt)
                guard held.count == 3 else { return [] }
                defer { held = [] }
                return held.reversed().flatMap { Array("RECEIPT\nreceipt-id:\($0)\n\n\0\n".utf8) }
            }
        }
        let link = STOMPLink(try server.options())
        #expect(try await link.connect().kind == .activeMQ)
        try await promptly("the receipts") { try await link.send([send, send, send]) }
        #expect(server.frames.map(\.command) == ["CONNECT", "SEND", "SEND", "SEND"])
        await link.close()
        #expect(server.frames.last?.command == "DISCONNECT")
    }

    @Test func `many callers share one connection`() async throws {
        let server = try STOMPScript()
        let link = STOMPLink(try server.options())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 { group.addTask { try await link.send([send, send]) } }
            try await group.waitForAll()
        }
        #expect(server.connectionCount == 1 && server.frames.count { $0.command == "SEND" } == 400)
        await link.close()
    }

    @Test func `what is refused is told to its sender, and others send again on a new connection`() async throws {
        let server = try STOMPScript { frame in
            guard frame["bad"] != nil else { return frame.command == "DISCONNECT" ? STOMPScript.receipt(frame) : [] }
            return Array("ERROR\nreceipt-id:\(frame["receipt"] ?? "")\nmessage:no such thing\n\nstack\n\0".utf8)
        }
        let link = STOMPLink(try server.options())
        _ = try await link.connect()
        let good = Task { try await link.send([send], within: .seconds(5)) }
        try await promptly("the good one is under way") { while server.frames.count < 2 { try await Task.sleep(for: .milliseconds(5)) } }
        let bad = STOMPFrame("SEND", [.init("bad", "1")], wantsReceipt: true)
        let error = await #expect(throws: STOMPError.self) { try await link.send([bad]) }
        #expect(error?.code == .refused && error?.message.contains("no such thing") == true)
        // It is not known whether it was stored.
        let other = await #expect(throws: STOMPError.self) { try await good.value }
        #expect(other?.code == .lost)
        await link.close()
    }

    @Test func `a repeatable request is sent once more when the connection is lost`() async throws {
        let count = Atomic<Int>(0)
        let server = try STOMPScript { frame in
            frame.command == "SEND" && count.add(1, ordering: .relaxed).newValue == 1 ? nil : STOMPScript.receipt(frame)
        }
        let link = STOMPLink(try server.options())
        try await link.send([send], isRepeatable: true)
        #expect(server.connectionCount == 2)
        await link.close()
    }

    @Test func `without a receipt in time the request is given up`() async throws {
        let server = try STOMPScript { $0.command == "SEND" ? [] : STOMPScript.receipt($0) }
        let link = STOMPLink(try server.options())
        let error = await #expect(throws: STOMPError.self) { try await link.send([send], within: .milliseconds(200)) }
        #expect(error?.code == .late)
        await link.close()
    }

    @Test func `both sides show that they are alive, and a silent server is given up`() async throws {
        let server = try STOMPScript()
        let losses = Mutex<[STOMPError]>([])
        let bell = Bell()
        let link = STOMPLink(
            try server.options { $0.silence = .seconds(3) },
            listener: STOMPLink.Listener(connected: { _, _ in [] }, heard: { _, _ in }) { error in
                losses.withLock { $0.append(error) }
                bell.ring()
            })
        _ = try await link.connect()
        try await promptly("a loss") { while losses.withLock(\.isEmpty) { await bell.wait(since: bell.count, until: .now + .milliseconds(50)) } }
        #expect(losses.withLock { $0.first?.message.contains("is silent") } == true)
        #expect(server.beats >= 1)
        await link.close()
    }

    @Test func `a server without heart-beats is asked whether it lives`() async throws {
        let server = try STOMPScript(greeting: "CONNECTED\nversion:1.2\n\n\0")
        let losses = Atomic<Int>(0)
        let link = STOMPLink(
            try server.options { $0.silence = .seconds(8) },
            listener: STOMPLink.Listener(connected: { _, _ in [] }, heard: { _, _ in }) { _ in losses.add(1, ordering: .relaxed) })
        _ = try await link.connect()
        try await promptly("two questions") { while server.frames.count(where: { $0.command == "ABORT" }) < 2 { try await Task.sleep(for: .milliseconds(50)) } }
        #expect(losses.load(ordering: .relaxed) == 0)
        await link.close()
    }

    @Test func `a listener comes back by itself, subscribes again, and old frames are not sent on the new connection`() async throws {
        let server = try STOMPScript()
        let generations = Mutex<[Int]>([])
        let heard = Mutex<[String]>([])
        let bell = Bell()
        let link = STOMPLink(
            try server.options(),
            listener: STOMPLink.Listener(
                connected: { _, generation in
                    generations.withLock { $0.append(generation) }
                    bell.ring()
                    return [STOMPFrame("SUBSCRIBE", [.init("id", "s"), .init("destination", "/queue/a")])]
                },
                heard: { frame, generation in
                    heard.withLock { $0.append("\(generation) \(frame["ack"] ?? "")") }
                    bell.ring()
                }, lost: { _ in }))
        _ = try await link.connect()
        try await promptly("a subscription") { while server.frames.count < 2 { try await Task.sleep(for: .milliseconds(5)) } }
        server.send("MESSAGE\nsubscription:s\nack:7\n\nbody\0")
        try await promptly("the message") { while heard.withLock(\.isEmpty) { await bell.wait(since: bell.count, until: .now + .milliseconds(20)) } }
        server.closeAll()
        try await promptly("another connection") {
            while generations.withLock(\.count) < 2 { await bell.wait(since: bell.count, until: .now + .milliseconds(20)) }
        }
        let error = await #expect(throws: STOMPError.self) { try await link.send([STOMPFrame("ACK", [.init("id", "7")])], on: 1) }
        #expect(error?.code == .lost)
        #expect(heard.withLock { $0 } == ["1 7"])
        // What was sent is not there yet.
        try await promptly("another subscription") {
            while server.frames.count(where: { $0.command == "SUBSCRIBE" }) < 2 { try await Task.sleep(for: .milliseconds(5)) }
        }
        #expect(server.connectionCount == 2)
        #expect(!server.frames.contains { $0.command == "ACK" })
        await link.close()
    }

    private func listener() -> STOMPLink.Listener {
        STOMPLink.Listener(
            connected: { _, _ in ["a", "b"].map { STOMPFrame("SUBSCRIBE", [.init("id", $0), .init("destination", "/queue/\($0)")]) } },
            heard: { _, _ in }, lost: { _ in })
    }

    @Test func `is connected when the server has carried out what the listener sends first`() async throws {
        let server = try STOMPScript { $0.command == "SUBSCRIBE" ? [] : STOMPScript.receipt($0) }
        let order = Mutex<[String]>([])
        let link = STOMPLink(try server.options(), listener: listener())
        let connecting = Task {
            _ = try await link.connect()
            order.withLock { $0.append("connected") }
        }
        try await promptly("the subscriptions") { while server.frames.count < 3 { try await Task.sleep(for: .milliseconds(5)) } }
        let receipts = server.frames.compactMap { $0["receipt"] }
        #expect(receipts.count == 1)
        order.withLock { $0.append("confirmed") }
        server.send("RECEIPT\nreceipt-id:\(receipts.first ?? "")\n\n\0")
        try await promptly("the connection") { try await connecting.value }
        #expect(order.withLock { $0 } == ["confirmed", "connected"])
        await link.close()
    }

    @Test func `a listener that is refused what it sends first learns why`() async throws {
        let server = try STOMPScript { frame in
            guard let receipt = frame["receipt"], frame.command == "SUBSCRIBE" else { return STOMPScript.receipt(frame) }
            return Array("ERROR\nreceipt-id:\(receipt)\nmessage:not yours\n\nstack\n\0".utf8)
        }
        let link = STOMPLink(try server.options(), listener: listener())
        let error = await #expect(throws: STOMPError.self) { _ = try await link.connect() }
        #expect(error?.message.contains("not yours") == true)
        await link.close()
    }

    @Test(arguments: [
        ("ERROR\nmessage:Bad CONNECT\n\nAccess refused for user 'x'\n\0", STOMPError.Code.denied), ("CONNECTED\nversion:1.1\n\n\0", .malformed),
        ("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n\0", .malformed),
    ])
    func `a login that fails says why`(greeting: String, code: STOMPError.Code) async throws {
        let server = try STOMPScript(greeting: greeting)
        let link = STOMPLink(try server.options())
        let error = await #expect(throws: STOMPError.self) { _ = try await link.connect() }
        #expect(error?.code == code && error?.isOfOpening == true)
        await link.close()
    }

    @Test func `a port where nobody speaks is left after the time limit`() async throws {
        let server = try STOMPScript(greeting: nil)
        let link = STOMPLink(try server.options { $0.connectTimeout = .milliseconds(300) })
        let error = await #expect(throws: STOMPError.self) { _ = try await link.connect() }
        #expect(error?.code == .unreachable && error?.message.contains("does not answer") == true)
        await link.close()
    }
}
