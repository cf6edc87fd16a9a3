import CeleryCore
import Client
import Schedules
import Testing

@testable import Commands

@Suite struct EntryOptionsTests {
    private func read(_ text: String, expires: Duration? = nil) throws -> (options: String, expires: Duration?) {
        var periodic = PeriodicOptions(try Schedule(every: .seconds(60)), expires: expires)
        let options = try EntryOptions.read(try #require(try JSON(parsing: text).objectValue), &periodic)
        return ("\(options.queue ?? "-") \(options.priority ?? -1) \(options.ignoreResult ?? false)", periodic.expires)
    }

    @Test func `are those of a line of a batch`() throws {
        let read = try read(#"{"queue": "q", "priority": 3, "ignore_result": true, "expires": "10m"}"#)
        #expect(read.options == "q 3 true")
        #expect(read.expires == .seconds(600))
    }

    @Test(arguments: [
        (#"{"eta": "tomorrow"}"#, "'eta' is not for periodic tasks: their schedule says when"),
        (#"{"countdown": 3}"#, "'countdown' is not for periodic tasks: their schedule says when"),
        (#"{"expires": 61}"#, "'expires' contradicts the one outside of the options"),
        (#"{"expires": "2030-01-01"}"#, "'expires': '2030-01-01' is not a duration"),
        (#"{"priority": 256}"#, "'priority': '256' is more than 255"), (#"{"exchange": "e"}"#, "'exchange' needs 'routing_key'"),
        (#"{"qeue": "q"}"#, "unknown key 'qeue'; did you mean 'queue'?"), (#"{"id": "x"}"#, "unknown key 'id'"),
    ])
    func `refuse what a periodic task cannot have`(_ text: String, _ reason: String) throws {
        let error = #expect(throws: CommandError.self) { try read(text, expires: .seconds(60)) }
        #expect(error?.status == 78)
        #expect(error?.message.hasPrefix(reason) == true, "\(error?.message ?? "")")
    }
}
