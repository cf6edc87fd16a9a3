// Does to a `celery.db` what needs a process of its own: to be killed, to have little
// room or few rights, to be measured.

import Brokers
import CLinux
import CeleryCore
import CeleryDB
import Glibc
import Processes
import Wire

/// At once: the other side waits for the line.
func say(_ text: some Any) {
    let line = Array("\(text)\n".utf8)
    _ = write(1, line, line.count)
}

func message(_ bytes: Int = 10) -> Message {
    Message(task: "probe.task", body: BodyCodec.encode(TaskArguments(args: [.string(String(repeating: "x", count: bytes))])))
}

func broker(_ path: String) throws -> SQLiteBroker {
    SQLiteBroker(file: try DatabaseFile(path: path), resultExpires: nil) { _ in nil }
}

func worker() -> WorkerIdentity {
    WorkerIdentity(
        id: TaskID().text, name: "probe", pid: Int(getpid()), process: ProcessIdentity.current?.description ?? "")
}

func explain(_ error: any Error) -> String {
    guard let error = error as? DriverError else { return "\(error)" }
    return "\(error.code): \(error.message)" + (error.hint.map { "; \($0)" } ?? "")
}

func processorMicroseconds() -> Int {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1_000_000 + Int(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
}

/// Publishes until it is refused.
func fill(_ path: String) async throws {
    var accepted = 0
    do {
        let broker = try broker(path)
        while accepted < 100_000 {
            try await broker.publish((0..<10).map { _ in message(10_000) })
            accepted += 10
        }
        say("accepted everything")
    } catch {
        say("accepted \(accepted)")
        say(explain(error))
    }
}

/// Leads as a beat, and says so; writes down what it does, until it is replaced.
func lead(_ broker: any BeatKeeping) async throws {
    let seat = try await broker.seat(in: "celery", as: worker())
    var leads = false
    var record = EntryRecord(name: "probe", schedule: "", since: .now)
    while true {
        do {
            let isLeading = try await seat.lead() != nil
            record.handled = .now
            let hasSent = isLeading ? try await seat.send([], writing: [record], settling: []) : false
            if leads && !hasSent {
                say("replaced")
                // Let go of the output only by the end.
                try await Task.sleep(for: .seconds(600))
            }
            if hasSent && !leads { say("leads") }
            leads = hasSent
        } catch let error as DriverError {
            say(leads ? "replaced" : explain(error))
            leads = false
        }
        try await Task.sleep(for: .milliseconds(200))
    }
}

var words = Array(CommandLine.arguments.dropFirst())
if words.first == "as-nobody" {
    words.removeFirst()
    if getuid() == 0 {
        _ = setresgid(65_534, 65_534, 65_534)
        _ = setresuid(65_534, 65_534, 65_534)
    }
}
if words.first == "at-most" {
    var limit = rlimit(rlim_cur: UInt(words[1])!, rlim_max: UInt(words[1])!)
    setrlimit(__rlimit_resource_t(UInt32(RLIMIT_FSIZE.rawValue)), &limit)
    signal(SIGXFSZ, SIG_IGN)
    words.removeFirst(2)
}

switch words[0] {
case "open":
    do {
        let file = try DatabaseFile(path: words[1])
        say("opened")
        file.close()
    } catch {
        say(explain(error))
    }
case "fill":
    try await fill(words[1])
case "publish":
    let broker = try broker(words[1])
    for _ in 0..<Int(words[2])! { try await broker.publish([message()]) }
    await broker.close()
case "stop-writing":
    // Stopped in its turn to write, as by Ctrl-Z at a bad moment.
    let file = try DatabaseFile(path: words[1])
    try await file.write { _ in
        say("writing")
        kill(getpid(), SIGSTOP)
        // Another thread takes the signal, and this one is to go no further meanwhile.
        usleep(200_000)
    }
    say("went on")
case "count":
    do {
        let broker = try broker(words[1])
        say(try await broker.queues().map(\.ready).reduce(0, +))
        try await broker.publish([message()])
    } catch {
        say(explain(error))
    }
case "drain":
    let broker = try broker(words[1])
    let consumer = try await broker.consumer(of: ["celery"], as: worker())
    while true {
        let deliveries = try await consumer.take(7)
        if deliveries.isEmpty { break }
        try await consumer.settle(deliveries.map { Outcome(handle: $0.handle, results: []) })
        for delivery in deliveries { say(delivery.message.id) }
    }
    await consumer.close()
case "hold":
    let consumer = try await broker(words[1]).consumer(of: ["celery"], as: worker())
    say("holding \(try await consumer.take(100).count)")
    try await Task.sleep(for: .seconds(600))
case "idle":
    let consumer = try await broker(words[1]).consumer(of: ["celery"], as: worker())
    // Once before, so that everything is open and compiled.
    try await consumer.waitForWork(until: .now + .milliseconds(50))
    let before = processorMicroseconds()
    let end = ContinuousClock.now + .seconds(2)
    while ContinuousClock.now < end { try await consumer.waitForWork(until: end) }
    say(processorMicroseconds() - before)
    await consumer.close()
case "lead" where words[1] == "sqlite":
    try await lead(broker(words[2]))
case "lead":
    try await lead(AMQPBroker([ServiceURL(words[2])], settings: Settings(projectFolder: "/nowhere")))
default:
    say("unknown: \(words)")
    exit(2)
}
