// Stores results in batches as a worker does, one batch after the other; prints how many a second.
//
//     StoreWrites RESULT-URL COUNT BATCH
//
// One batch before the others does not count: it connects, and completes the tables.

import CeleryCore
import Client
import Glibc

/// Ends the program.
func fail(_ text: String, status: Int32) -> Never {
    let line = Array("StoreWrites: \(text)\n".utf8)
    _ = write(2, line, line.count)
    exit(status)
}

/// Results of a short task, as a worker records them.
func results(_ count: Int) -> [TaskResult] {
    (0..<count).map { number in
        var result = TaskResult(id: TaskID(), state: .success, value: .int(Int64(number)))
        result.task = "example.square"
        result.worker = "worker@machine"
        result.queue = "celery"
        result.dateDone = .now
        return result
    }
}

let words = CommandLine.arguments
guard words.count == 4, let count = Int(words[2]), let size = Int(words[3]), count > 0, size > 0 else {
    fail("usage: StoreWrites RESULT-URL COUNT BATCH", status: 64)
}
var settings = Settings(projectFolder: ".")
settings.brokerURL = "memory://"
settings.resultURL = words[1]
do {
    let store = try Drivers.open(settings).openStore()
    try await store.store(results(size))
    // Made before, so that only storing counts.
    let batches = stride(from: 0, to: count, by: size).map { results(min(size, count - $0)) }
    let began = ContinuousClock.now
    for batch in batches { try await store.store(batch) }
    print(Double(count) / ((ContinuousClock.now - began) / .seconds(1)))
    await store.close()
} catch {
    fail("\(error)", status: 1)
}
