package import CeleryCore
import Wire

extension EncodedMessage: Packed {
    package func pack(into packer: inout Packer) { packer.add(queue, Bytes(headers), properties.map(Bytes.init), Bytes(body)) }
    package init(from unpacker: inout Unpacker) throws {
        let (queue, headers): (String, Bytes) = (try unpacker.next(), try unpacker.next())
        let (properties, body): (Bytes?, Bytes) = (try unpacker.next(), try unpacker.next())
        self.init(queue: queue, headers: headers.bytes, properties: properties?.bytes, body: body.bytes)
    }
}

/// In the form in which the broker stores it.
extension Message: Packed {
    package func pack(into packer: inout Packer) { EncodedMessage(self).pack(into: &packer) }
    package init(from unpacker: inout Unpacker) throws { self = try EncodedMessage(from: &unpacker).message() }
}

extension WorkerIdentity: Packed {
    package func pack(into packer: inout Packer) { packer.add(id, name, pid, process) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(id: try unpacker.next(), name: try unpacker.next(), pid: try unpacker.next(), process: try unpacker.next())
    }
}

extension DeliveryHandle: Packed {
    package func pack(into packer: inout Packer) { packer.add(tag, attempt) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(tag: try unpacker.next(), attempt: try unpacker.next())
        guard (0...Int(Int32.max)).contains(attempt) else { throw UnpackError("not the number of an attempt") }
    }
}

extension Delivery.Defect: Packed {
    package func pack(into packer: inout Packer) { packer.add(reason, hasID) }
    package init(from unpacker: inout Unpacker) throws { self.init(try unpacker.next(), hasID: try unpacker.next()) }
}

extension Delivery: Packed {
    package func pack(into packer: inout Packer) {
        packer.add(handle, crashes, doubts, waitsSince, defect)
        // What cannot be read has only its parts.
        if defect == nil {
            (encoded ?? EncodedMessage(message)).pack(into: &packer)
        } else {
            packer.add(message.id, message.task, message.route.queue, Bytes(message.body.bytes))
        }
    }

    package init(from unpacker: inout Unpacker) throws {
        let handle: DeliveryHandle = try unpacker.next()
        let (crashes, doubts): (Int, Int) = (try unpacker.next(), try unpacker.next())
        let (waitsSince, defect): (Timestamp?, Defect?) = (try unpacker.next(), try unpacker.next())
        if defect == nil {
            let encoded: EncodedMessage = try unpacker.next()
            self.init(handle: handle, message: try encoded.message())
            self.encoded = encoded
        } else {
            let (id, task): (TaskID, String) = (try unpacker.next(), try unpacker.next())
            let (queue, body): (String, Bytes) = (try unpacker.next(), try unpacker.next())
            var message = Message(id: id, task: task, body: MessageBody(bytes: body.bytes))
            message.route.queue = queue
            self.init(handle: handle, message: message)
        }
        (self.crashes, self.doubts, self.waitsSince, self.defect) = (crashes, doubts, waitsSince, defect)
    }
}

extension Postponement: Packed {
    package func pack(into packer: inout Packer) { packer.add(handle, until, since, after) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(try unpacker.next(), until: try unpacker.next(), since: try unpacker.next())
        after = try unpacker.next()
    }
}

extension Burial: Packed {
    package func pack(into packer: inout Packer) { packer.add(reason.name, error, date, worker, attempts, crashes) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(
            DeathReason(name: try unpacker.next()), error: try unpacker.next(), date: try unpacker.next(), worker: try unpacker.next(),
            attempts: try unpacker.next(), crashes: try unpacker.next())
        guard (0...Int(Int32.max)).contains(attempts), (0...Int(Int32.max)).contains(crashes) else { throw UnpackError("not a number of attempts") }
    }
}

extension Outcome.Disposition: Packed {
    package func pack(into packer: inout Packer) {
        switch self {
        case .acknowledge: packer.add(byte: 0)
        case .retry(let message):
            packer.add(byte: 1)
            message.pack(into: &packer)
        case .bury(let message, let burial):
            packer.add(byte: 2)
            packer.add(message, burial)
        }
    }

    package init(from unpacker: inout Unpacker) throws {
        switch try unpacker.byte() {
        case 0: self = .acknowledge
        case 1: self = .retry(try unpacker.next())
        case 2: self = .bury(try unpacker.next(), try unpacker.next())
        default: throw UnpackError("an unknown disposition")
        }
    }
}

/// Without the parts of chords: the broker's store does not count them.
extension Outcome: Packed {
    package func pack(into packer: inout Packer) { packer.add(handle, results, followUps, disposition, output, keepsSlot) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(
            handle: try unpacker.next(), results: try unpacker.next(), followUps: try unpacker.next(), disposition: try unpacker.next())
        (output, keepsSlot) = (try unpacker.next(), try unpacker.next())
    }
}

extension AttemptOutput: Packed {
    package func pack(into packer: inout Packer) { packer.add(id, attempt, isFinal, Bytes(content)) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(id: try unpacker.next(), attempt: try unpacker.next(), isFinal: try unpacker.next(), content: (try unpacker.next() as Bytes).bytes)
    }
}

extension Event: Packed {
    package func pack(into packer: inout Packer) { packer.add(type, hostname, utcOffset, pid, clock, time, details) }
    package init(from unpacker: inout Unpacker) throws {
        let (type, hostname): (String, String) = (try unpacker.next(), try unpacker.next())
        self.init(
            type, from: hostname, utcOffset: try unpacker.next(), pid: try unpacker.next(), clock: try unpacker.next(), at: try unpacker.next(),
            details: try unpacker.next())
    }
}

extension RecordedEvent: Packed {
    package func pack(into packer: inout Packer) { packer.add(event, cursor) }
    package init(from unpacker: inout Unpacker) throws { self.init(try unpacker.next(), cursor: try unpacker.next()) }
}

extension FollowedEvents: Packed {
    package func pack(into packer: inout Packer) { packer.add(events, gap.map { Pair($0.count, $0.reason) }) }
    package init(from unpacker: inout Unpacker) throws {
        let (events, gap): ([RecordedEvent], Pair<Int?, String>?) = (try unpacker.next(), try unpacker.next())
        self.init(events, gap: gap.map { EventGap(count: $0.first, reason: $0.second) })
    }
}

extension EventStart: Packed {
    package func pack(into packer: inout Packer) {
        switch self {
        case .now: packer.add(byte: 0)
        case .oldest: packer.add(byte: 1)
        case .since(let time):
            packer.add(byte: 2)
            time.pack(into: &packer)
        case .after(let cursor):
            packer.add(byte: 3)
            cursor.pack(into: &packer)
        }
    }

    package init(from unpacker: inout Unpacker) throws {
        switch try unpacker.byte() {
        case 0: self = .now
        case 1: self = .oldest
        case 2: self = .since(try unpacker.next())
        case 3: self = .after(try unpacker.next())
        default: throw UnpackError("an unknown start")
        }
    }
}
