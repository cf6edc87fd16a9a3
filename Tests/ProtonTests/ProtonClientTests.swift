import CeleryCore
import Fixtures
import Synchronization
import Testing

@testable import Proton

/// A connection and its thread, against a server that keeps to a script.
@Suite(.timeLimit(.minutes(2))) struct ProtonClientTests {
    private let node = ProtonNode(["a"])
    private var parcel: ProtonParcel { ProtonParcel(node, ProtonMessage().encoded()) }

    @Test func `a sender is told when the fates of all messages are known`() async throws {
        let server = try ProtonScript()
        let client = ProtonClient(try server.options())
        #expect(try await client.connect().kind == .activeMQ)
        #expect(await client.send([parcel, parcel, parcel]).isEmpty)
        #expect(server.count(ProtonScript.attach) == 1 && server.count(ProtonScript.transfer) == 3)
        await client.close()
        #expect(server.count(ProtonScript.close) == 1)
    }

    @Test func `many callers share one connection`() async throws {
        let server = try ProtonScript()
        let client = ProtonClient(try server.options())
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask { await client.send([parcel, ProtonParcel(ProtonNode(["b\(number % 7)"]), ProtonMessage().encoded())]).isEmpty }
            }
            for await isSent in group { #expect(isSent) }
        }
        #expect(server.connectionCount == 1 && server.count(ProtonScript.transfer) == 200 && server.count(ProtonScript.attach) == 8)
        await client.close()
    }

    @Test func `messages wait for credit, and go as it comes`() async throws {
        let given = Atomic<Int>(0)
        let server = try ProtonScript { frame in
            guard frame.kind == ProtonScript.attach else {
                // One at a time.
                guard frame.kind == ProtonScript.transfer else { return ProtonScript.usual(frame) }
                let count = UInt32(given.add(1, ordering: .relaxed).newValue)
                return ProtonScript.usual(frame)
                    + ProtonScript.frame(
                        ProtonScript.flow, channel: frame.channel, [.uint(count), .uint(1_000), .uint(0), .uint(1_000), .uint(0), .uint(count), .uint(1)])
            }
            let attach = ProtonScript.Frame(connection: frame.connection, channel: frame.channel, kind: frame.kind, fields: frame.fields, payload: [])
            let usual = ProtonScript.usual(attach)
            // Without the thousand that follow.
            return Array(usual.dropLast(ProtonScript.credit(frame, 1_000).count)) + ProtonScript.credit(frame, 1)
        }
        let client = ProtonClient(try server.options())
        #expect(await client.send([parcel, parcel, parcel, parcel]).isEmpty)
        #expect(server.count(ProtonScript.transfer) == 4)
        await client.close()
    }

    @Test(arguments: [
        (UInt64(0x25), ProtonError.Code.refused, "no room"), (0x26, .refused, "no queue"), (0x27, .refused, "no queue"),
    ])
    func `what is not accepted is told to its sender, and nobody else`(state: UInt64, code: ProtonError.Code, words: String) async throws {
        let server = try ProtonScript { frame in
            guard frame.kind == ProtonScript.transfer, frame.field(1) == .uint(1) else { return ProtonScript.usual(frame) }
            let reason: ProtonValue = .described(.ulong(0x1D), .list([.symbol("amqp:resource-limit-exceeded"), .string("no room")]))
            return ProtonScript.fate(frame, .described(.ulong(state), .list(state == 0x25 ? [reason] : [])))
        }
        let client = ProtonClient(try server.options())
        let failures = await client.send([parcel, parcel, parcel])
        #expect(Array(failures.keys) == [1] && failures[1]?.code == code && failures[1]?.message.contains(words) == true)
        await client.close()
    }

    @Test func `what was under way is sent once more when the connection is lost`() async throws {
        let count = Atomic<Int>(0)
        let server = try ProtonScript { frame in
            frame.kind == ProtonScript.transfer && count.add(1, ordering: .relaxed).newValue == 1 ? nil : ProtonScript.usual(frame)
        }
        let client = ProtonClient(try server.options())
        #expect(await client.send([parcel]).isEmpty)
        #expect(server.connectionCount == 2)
        await client.close()
    }

    @Test func `a node that is refused by one address is tried by the next`() async throws {
        let server = try ProtonScript { frame in
            guard frame.kind == ProtonScript.attach, "\(frame.fields)".contains("first") else { return ProtonScript.usual(frame) }
            let reason: ProtonValue = .described(.ulong(0x1D), .list([.symbol("amqp:precondition-failed"), .string("another queue")]))
            return ProtonScript.frame(ProtonScript.end, channel: frame.channel, [reason])
        }
        let client = ProtonClient(try server.options())
        #expect(await client.send([ProtonParcel(ProtonNode(["first", "second"]), ProtonMessage().encoded())]).isEmpty)
        let failures = await client.send([ProtonParcel(ProtonNode(["first"]), ProtonMessage().encoded())])
        #expect(failures[0]?.code == .conflict && failures[0]?.message == "the server says: another queue")
        await client.close()
    }

    @Test func `without a fate in time the request is given up`() async throws {
        let server = try ProtonScript { $0.kind == ProtonScript.transfer ? [] : ProtonScript.usual($0) }
        let client = ProtonClient(try server.options())
        let failures = await client.send([parcel], within: .milliseconds(200))
        #expect(failures[0]?.code == .late)
        await client.close()
    }

    @Test func `both sides show that they are alive, and a silent server is given up`() async throws {
        let server = try ProtonScript()
        let losses = Mutex<[ProtonError]>([])
        let bell = Bell()
        let client = ProtonClient(
            try server.options { $0.silence = .seconds(2) },
            listener: ProtonClient.Listener(connected: { _, _ in [] }, heard: { _, _ in }) { error in
                losses.withLock { $0.append(error) }
                bell.ring()
            })
        _ = try await client.connect()
        try await promptly("a loss") { while losses.withLock(\.isEmpty) { await bell.wait(since: bell.count, until: .now + .milliseconds(50)) } }
        #expect(losses.withLock { $0.first?.message.contains("is silent") } == true)
        await client.close()
    }

    @Test func `a listener comes back by itself, receives again, and old orders are not carried out on the new connection`() async throws {
        let server = try ProtonScript { frame in
            guard frame.kind == ProtonScript.flow else { return ProtonScript.usual(frame) }
            return ProtonScript.message(0, channel: frame.channel, ProtonMessage().encoded())
        }
        let heard = Mutex<[(generation: Int, delivery: Int64?)]>([])
        let bell = Bell()
        let client = ProtonClient(
            try server.options(),
            listener: ProtonClient.Listener(
                connected: { _, _ in [.receive(7, from: ProtonNode(["a"]), credit: 1)] },
                heard: { arrival, generation in
                    heard.withLock { $0.append((generation, arrival.receiver == 7 ? arrival.delivery : -1)) }
                    bell.ring()
                }, lost: { _ in }))
        _ = try await client.connect()
        func wait(for count: Int) async throws {
            try await promptly("message \(count)") { while heard.withLock(\.count) < count { await bell.wait(since: bell.count, until: .now + .milliseconds(20)) } }
        }
        try await wait(for: 1)
        server.closeAll()
        try await wait(for: 2)
        #expect(heard.withLock { $0.map(\.generation) } == [1, 2])
        let error = await #expect(throws: ProtonError.self) { try await client.perform([.settle([1], .accepted)], on: 1) }
        #expect(error?.code == .lost)
        #expect(server.count(ProtonScript.disposition) == 0)
        try await client.perform([.settle([heard.withLock { $0[1].delivery ?? 0 }], .released)], on: 2)
        try await promptly("the outcome") { while server.count(ProtonScript.disposition) == 0 { try await Task.sleep(for: .milliseconds(5)) } }
        #expect(server.frames.first { $0.kind == ProtonScript.disposition }?.field(4) == .described(.ulong(0x26), .list([])))
        await client.close()
    }

    @Test func `a message that the server has settled has nothing to settle`() async throws {
        let server = try ProtonScript { frame in
            guard frame.kind == ProtonScript.flow else { return ProtonScript.usual(frame) }
            return ProtonScript.message(0, channel: frame.channel, ProtonMessage().encoded(), isSettled: true)
        }
        let (arrivals, note) = AsyncStream.makeStream(of: ProtonArrival.self)
        let client = ProtonClient(
            try server.options(),
            listener: ProtonClient.Listener(
                connected: { _, _ in [.receive(1, from: ProtonNode(["a"]), credit: 1)] }, heard: { arrival, _ in note.yield(arrival) }, lost: { _ in }))
        _ = try await client.connect()
        let first = try await promptly("a message") { await arrivals.first { _ in true } }
        #expect(first?.delivery == nil && first?.bytes == ProtonMessage().encoded())
        await client.close()
    }

    @Test func `bytes that are no AMQP end the connection, and nothing else`() async throws {
        var generator = SeededGenerator(seed: 14)
        for round in 0..<fuzzRounds(60) {
            let garbage = (0..<Int.random(in: 1...400, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let isFramed = round % 2 == 0
            let server = try ProtonScript { frame in
                guard frame.kind == ProtonScript.attach else { return ProtonScript.usual(frame) }
                // As the content of a frame, or between frames.
                return ProtonScript.usual(frame) + (isFramed ? ProtonScript.frame(channel: frame.channel, nil, payload: garbage) : garbage)
            }
            let client = ProtonClient(try server.options())
            let failures = await client.send([parcel], within: .seconds(1))
            // Some garbage is a frame without consequences.
            if let failure = failures[0] { #expect([.malformed, .lost, .late, .refused, .denied, .missing].contains(failure.code), "\(failure)") }
            await client.close()
        }
    }
}
