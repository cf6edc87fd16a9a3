import CeleryCore
import Client

/// Prints the states of tasks whenever they change.
struct StatusWatch {
    let context: CommandContext
    let ids: [TaskID]

    func run(_ client: Client) async throws -> Int32 {
        var drawn: [TaskState] = []
        while true {
            let watching = try client.store as? any ResultWatching
            let mark = await watching?.mark()
            let known = try await client.status(of: ids)
            let states = known.map(\.state)
            if states != drawn {
                // Overwrite the previous lines on a terminal; append elsewhere.
                if !drawn.isEmpty && context.output.isTerminal { context.output.raw("\u{1B}[\(ids.count + 1)A") }
                for status in known { StatusCommand.show(status, context) }
                context.output.flush()
                drawn = states
            }
            if states.allSatisfy({ $0.isReady || $0 == .unknown }) { return StatusCommand.exitStatus(known) }
            let look = ContinuousClock.now + .seconds(1)
            if let watching, let mark {
                try await watching.waitForChange(since: mark, until: look)
            } else {
                try await Task.sleep(until: look)
            }
        }
    }
}
