package import CeleryCore

extension QueueCount: Packed {
    package func pack(into packer: inout Packer) { packer.add(name, ready, scheduled, running, consumers, trouble) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(
            name: try unpacker.next(), ready: try unpacker.next(), scheduled: try unpacker.next(), running: try unpacker.next(),
            consumers: try unpacker.next(), trouble: try unpacker.next())
    }
}

extension MessageLocation: Packed {
    package func pack(into packer: inout Packer) { packer.add(task, queue, state, attempt, retries, worker, eta, submitted, started) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(
            task: try unpacker.next(), queue: try unpacker.next(), state: try unpacker.next(), attempt: try unpacker.next(), retries: try unpacker.next())
        (worker, eta) = (try unpacker.next(), try unpacker.next())
        (submitted, started) = (try unpacker.next(), try unpacker.next())
    }
}

extension WorkerReport.RunningTask: Packed {
    package func pack(into packer: inout Packer) { packer.add(id, task, attempt, started) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(id: try unpacker.next(), task: try unpacker.next(), attempt: try unpacker.next(), started: try unpacker.next())
    }
}

extension WorkerReport: Packed {
    package func pack(into packer: inout Packer) { packer.add(name, pid, queues, started, running, tasks) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(
            name: try unpacker.next(), pid: try unpacker.next(), queues: try unpacker.next(), started: try unpacker.next(),
            running: try unpacker.next(), tasks: try unpacker.next())
    }
}

extension LostWorkers: Packed {
    package func pack(into packer: inout Packer) { packer.add(workers, gap) }
    package init(from unpacker: inout Unpacker) throws { self.init(try unpacker.next() as [LostWorker], gap: try unpacker.next()) }
}

extension LostWorker: Packed {
    package func pack(into packer: inout Packer) { packer.add(name, pid, queues, started, lost) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(name: try unpacker.next(), pid: try unpacker.next(), queues: try unpacker.next(), started: try unpacker.next(), lost: try unpacker.next())
    }
}

extension MessageStanding: Packed {
    package func pack(into packer: inout Packer) { packer.add(message, ahead, attempts, crashes) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(message: try unpacker.next(), ahead: try unpacker.next(), attempts: try unpacker.next(), crashes: try unpacker.next())
    }
}

extension RateLimit: Packed {
    package func pack(into packer: inout Packer) { packer.add(count, unit.rawValue) }
    package init(from unpacker: inout Unpacker) throws {
        let count: Double = try unpacker.next()
        guard let unit = Unit(rawValue: try unpacker.next()), let rate = RateLimit(count, per: unit) else { throw UnpackError("not a rate") }
        self = rate
    }
}

extension TaskLimit: Packed {
    package func pack(into packer: inout Packer) { packer.add(task, rate, slots, key, expires) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(
            task: try unpacker.next(), rate: try unpacker.next(), slots: try unpacker.next(), key: try unpacker.next(), expires: try unpacker.next())
        guard slots.map({ (0...Int(Int32.max)).contains($0) }) ?? true else { throw UnpackError("not a number of slots") }
    }
}

extension DeadLetter.Content: Packed {
    package func pack(into packer: inout Packer) { packer.add(Bytes(headers), Bytes(properties), Bytes(body), message) }
    package init(from unpacker: inout Unpacker) throws {
        let (headers, properties, body): (Bytes, Bytes, Bytes) = (try unpacker.next(), try unpacker.next(), try unpacker.next())
        self.init(headers: headers.bytes, properties: properties.bytes, body: body.bytes, message: try unpacker.next())
    }
}

extension DeadLetter: Packed {
    package func pack(into packer: inout Packer) { packer.add(key, taskID, task, queue, burial, content) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(
            key: try unpacker.next(), taskID: try unpacker.next(), task: try unpacker.next(), queue: try unpacker.next(),
            burial: try unpacker.next(), content: try unpacker.next())
    }
}

extension DeadLetterReplay: Packed {
    package func pack(into packer: inout Packer) { packer.add(letter, refusal) }
    package init(from unpacker: inout Unpacker) throws { self.init(try unpacker.next(), refusal: try unpacker.next()) }
}

extension DeadLetterFilter: Packed {
    package func pack(into packer: inout Packer) { packer.add(keys, task, queue, reason, since, until) }
    package init(from unpacker: inout Unpacker) throws {
        self.init()
        (keys, task, queue) = (try unpacker.next(), try unpacker.next(), try unpacker.next())
        (reason, since, until) = (try unpacker.next(), try unpacker.next(), try unpacker.next())
    }
}

extension StandingCommands: Packed {
    package func pack(into packer: inout Packer) { packer.add(revocations, pauses) }
    package init(from unpacker: inout Unpacker) throws {
        self.init()
        (revocations, pauses) = (try unpacker.next(), try unpacker.next())
    }
}

extension RevocationReport.Fate: Packed {
    private static let all: [Self] = [.removed, .held, .finished, .unknown]

    package func pack(into packer: inout Packer) { packer.add(byte: UInt8(Self.all.firstIndex(of: self) ?? 0)) }
    package init(from unpacker: inout Unpacker) throws {
        let number = Int(try unpacker.byte())
        guard Self.all.indices.contains(number) else { throw UnpackError("an unknown fate") }
        self = Self.all[number]
    }
}

extension StatisticsReport: Packed {
    package func pack(into packer: inout Packer) { packer.add(worker, number, ledger) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(worker: try unpacker.next(), number: try unpacker.next(), ledger: try unpacker.next())
    }
}

extension BeatLeader: Packed {
    package func pack(into packer: inout Packer) { packer.add(id, name, pid, since) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(id: try unpacker.next(), name: try unpacker.next(), pid: try unpacker.next(), since: try unpacker.next())
    }
}

extension BeatState: Packed {
    package func pack(into packer: inout Packer) { packer.add(leader, records, commands.map { Pair($0.number, $0.command) }) }
    package init(from unpacker: inout Unpacker) throws {
        let (leader, records): (BeatLeader?, [String: EntryRecord]) = (try unpacker.next(), try unpacker.next())
        let commands: [Pair<Int64, LeaderCommand>] = try unpacker.next()
        self.init(leader: leader, records: records, commands: commands.map { ($0.first, $0.second) })
    }
}

extension ControlRequest: Packed {
    package func pack(into packer: inout Packer) { packer.add(method, arguments) }
    package init(from unpacker: inout Unpacker) throws { self.init(method: try unpacker.next(), arguments: try unpacker.next()) }
}

extension WorkerChoice: Packed {
    package func pack(into packer: inout Packer) { packer.add(names, pattern, matcher) }
    package init(from unpacker: inout Unpacker) throws {
        self.init(names: try unpacker.next(), pattern: try unpacker.next(), matcher: try unpacker.next())
    }
}

extension WorkerAnswers: Packed {
    package func pack(into packer: inout Packer) { packer.add(answers.map { $0.map { Pair($0.worker, $0.value) } }, silent) }
    package init(from unpacker: inout Unpacker) throws {
        let answers: [[Pair<String, JSON>]] = try unpacker.next()
        self.init(count: answers.count)
        self.answers = answers.map { $0.map { Answer(worker: $0.first, value: $0.second) } }
        silent = try unpacker.next()
    }
}

extension DriverError: Packed {
    private static let codes: [Code] = [
        .unreachable, .noPermission, .tryAgain, .unusable, .cannotCreate, .refused, .alreadyThere, .configuration, .unsupported,
    ]

    package func pack(into packer: inout Packer) {
        packer.add(byte: UInt8(Self.codes.firstIndex(of: code) ?? 0))
        packer.add(message, hint, isAboutRequest, unconfirmed, subject)
    }

    package init(from unpacker: inout Unpacker) throws {
        let number = Int(try unpacker.byte())
        // A code of a later version: the text says what is wrong.
        let code = Self.codes.indices.contains(number) ? Self.codes[number] : .unreachable
        let (message, hint): (String, String?) = (try unpacker.next(), try unpacker.next())
        let isAboutRequest: Bool = try unpacker.next()
        self.init(code, message, hint: hint, unconfirmed: try unpacker.next(), subject: try unpacker.next())
        self.isAboutRequest = isAboutRequest
    }
}
