// Sends a task and waits for its result, again and again, as any Swift program would; prints the
// milliseconds of each.
//
//     RoundTrip BROKER-URL RESULT-URL COUNT [AT-ONCE]
//
// A worker of `celery-example` has to run. Twenty more at the beginning do not count. With AT-ONCE, so many are under way at
// any time, and the program stays connected at the end until its standard input has ended.

import Celery
import Glibc

/// The task of Sources/Example, as a program sees it that only sends it.
struct Nothing: CeleryTask {
    static let name = "example.nothing"

    func run(_ context: TaskContext) async throws -> Int? { nil }
}

/// Ends the program.
func fail(_ text: String, status: Int32) -> Never {
    let line = Array("RoundTrip: \(text)\n".utf8)
    _ = write(2, line, line.count)
    exit(status)
}

let words = CommandLine.arguments
guard (4...5).contains(words.count), let count = Int(words[3]), let atOnce = words.count == 5 ? Int(words[4]) : 1, atOnce > 0 else {
    fail("usage: RoundTrip BROKER-URL RESULT-URL COUNT [AT-ONCE]", status: 64)
}
var settings = Settings(projectFolder: ".")
settings.brokerURL = words[1]
settings.resultURL = words[2]

/// Sends a task and waits for its result. Returns the milliseconds that took.
func goThere(_ client: Client) async throws -> Double {
    let began = ContinuousClock.now
    let result = try await Nothing().delay(using: client)
    _ = try await result.get(timeout: .seconds(120))
    return (ContinuousClock.now - began) / .milliseconds(1)
}

do {
    let client = try Client(settings: settings)
    for _ in 0..<20 { _ = try await goThere(client) }
    if atOnce == 1 {
        for _ in 0..<count { print(try await goThere(client)) }
    } else {
        try await withThrowingTaskGroup(of: Double.self) { group in
            for _ in 0..<min(count, atOnce) { group.addTask { try await goThere(client) } }
            var begun = min(count, atOnce)
            while let milliseconds = try await group.next() {
                print(milliseconds)
                guard begun < count else { continue }
                begun += 1
                group.addTask { try await goThere(client) }
            }
        }
        fflush(stdout)
        while readLine() != nil {}
    }
    await client.close()
} catch {
    fail("\(error)", status: 1)
}
