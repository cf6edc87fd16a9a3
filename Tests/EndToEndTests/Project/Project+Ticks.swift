import Fixtures
import Testing

/// Processor time, in ticks of 10 ms.
extension Project {
    /// What a process has used.
    func ticks(of process: Int32) throws -> Int {
        let text = String(decoding: Leftovers.content("/proc/\(process)/stat"), as: UTF8.self)
        // From the state on; the name before it may have spaces.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ").dropFirst()
        let used = fields.dropFirst(11).prefix(2).compactMap { Int($0) }
        try #require(used.count == 2)
        return used[0] + used[1]
    }

    /// The same, once the process has used nothing for half a second: what it was doing is over.
    func ticksAtRest(of process: Int32) throws -> Int {
        var ticks = try ticks(of: process)
        let rests = try eventually {
            let last = ticks
            _ = try run("sleep 0.5")
            ticks = try self.ticks(of: process)
            return ticks == last
        }
        #expect(rests)
        return ticks
    }
}
