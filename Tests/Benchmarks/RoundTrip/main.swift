// Sends a task and waits for its result, again and again, as any Swift program would; prints the
// milliseconds of each.
//
//     RoundTrip BROKER-URL RESULT-URL COUNT
//
// A worker of `celery-example` has to run. Twenty more at the beginning do not count.

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

guard CommandLine.arguments.count == 4, let count = Int(CommandLine.arguments[3]) else {
    fail("usage: RoundTrip BROKER-URL RESULT-URL COUNT", status: 64)
}
var settings = Settings(projectFolder: ".")
settings.brokerURL = CommandLine.arguments[1]
settings.resultURL = CommandLine.arguments[2]
do {
    let client = try Client(settings: settings)
    for number in -20..<count {
        let began = ContinuousClock.now
        let result = try await Nothing().delay(using: client)
        _ = try await result.get(timeout: .seconds(30))
        if number >= 0 { print((ContinuousClock.now - began) / .milliseconds(1)) }
    }
    await client.close()
} catch {
    fail("\(error)", status: 1)
}
