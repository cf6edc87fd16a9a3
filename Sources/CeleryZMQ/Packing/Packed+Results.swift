package import CeleryCore

extension TaskState: Packed {
    package func pack(into packer: inout Packer) { name.pack(into: &packer) }
    package init(from unpacker: inout Unpacker) throws { self.init(name: try unpacker.next()) }
}

extension TaskFailure: Packed {
    package func pack(into packer: inout Packer) { packer.add(type, arguments, module) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(type: try unpacker.next(), arguments: try unpacker.next(), module: try unpacker.next())
    }
}

extension TaskResult: Packed {
    package func pack(into packer: inout Packer) {
        packer.add(id, state, value, failure)
        packer.add(traceback, children, dateDone, groupID, parentID, task, worker, queue, retries, attempt, crashes)
        packer.add(errorOutput, replyTo, isIgnored, standardOutput, meta, dateStarted, submitted, request)
    }

    package init(from unpacker: inout Unpacker) throws {
        self.init(id: try unpacker.next(), state: try unpacker.next(), value: try unpacker.next(), failure: try unpacker.next())
        (traceback, children, dateDone) = (try unpacker.next(), try unpacker.next(), try unpacker.next())
        (groupID, parentID, task) = (try unpacker.next(), try unpacker.next(), try unpacker.next())
        (worker, queue, retries) = (try unpacker.next(), try unpacker.next(), try unpacker.next())
        (attempt, crashes, errorOutput) = (try unpacker.next(), try unpacker.next(), try unpacker.next())
        (replyTo, isIgnored, standardOutput) = (try unpacker.next(), try unpacker.next(), try unpacker.next())
        (meta, dateStarted, submitted) = (try unpacker.next(), try unpacker.next(), try unpacker.next())
        request = try unpacker.next()
    }
}

extension TaskSetRecord: Packed {
    package func pack(into packer: inout Packer) { packer.add(id, total, created, members, replaced, counts) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(id: try unpacker.next(), total: try unpacker.next(), created: try unpacker.next(), members: try unpacker.next())
        (replaced, counts) = (try unpacker.next(), try unpacker.next())
        // Numbers of members are counted with, from 1.
        guard total.map({ (0...Int(Int32.max)).contains($0) }) ?? true else { throw UnpackError("not a number of members") }
    }
}

extension SlotClaim: Packed {
    package func pack(into packer: inout Packer) { packer.add(holder, id, task, key, slots) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(holder: try unpacker.next(), id: try unpacker.next(), task: try unpacker.next(), key: try unpacker.next(), slots: try unpacker.next())
    }
}

extension TaskPhase: Packed {
    package func pack(into packer: inout Packer) { rawValue.pack(into: &packer) }
    package init(from unpacker: inout Unpacker) throws {
        guard let phase = TaskPhase(rawValue: try unpacker.next()) else { throw UnpackError("an unknown phase") }
        self = phase
    }
}

/// Without its redaction: that is the server's.
extension TaskFilter: Packed {
    package func pack(into packer: inout Packer) { packer.add(phases, task, queue, since, until, text) }
    package init(from unpacker: inout Unpacker) throws {
        self.init()
        (phases, task, queue) = (try unpacker.next(), try unpacker.next(), try unpacker.next())
        (since, until, text) = (try unpacker.next(), try unpacker.next(), try unpacker.next())
    }
}

/// Without arguments as workers tell them, which a broker does not know.
extension ListedTask: Packed {
    package func pack(into packer: inout Packer) {
        packer.add(id, phase, changed, position, task, queue, submitted, location, result, request)
    }
    package init(from unpacker: inout Unpacker) throws {
        self.init(id: try unpacker.next(), phase: try unpacker.next(), changed: try unpacker.next(), position: try unpacker.next())
        (task, queue, submitted) = (try unpacker.next(), try unpacker.next(), try unpacker.next())
        (location, result, request) = (try unpacker.next(), try unpacker.next(), try unpacker.next())
    }
}
