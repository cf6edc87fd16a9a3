import CeleryCore
import Client

/// Prints the states and the progress of tasks whenever they change.
struct StatusWatch {
    let context: CommandContext
    let ids: [TaskID]
    /// After which to end; `nil` for never.
    let timeout: Duration?

    /// What is printed of a task, as far as it changes.
    private struct Shown: Equatable {
        var state: TaskState
        var progress: TaskProgress?
    }

    func run(_ client: Client) async throws -> Int32 {
        var drawn: [Shown] = []
        var lines = 0
        let deadline = timeout.map { ContinuousClock.now + $0 }
        while true {
            let watching = try client.store as? any ResultWatching
            let mark = await watching?.mark()
            let known = try await client.status(of: ids)
            let shown = known.map { Shown(state: $0.state, progress: $0.progress) }
            if shown != drawn {
                context.output.erase(lines: lines)
                lines = StatusCommand.show(known, context)
                context.output.flush()
                drawn = shown
            }
            if shown.allSatisfy({ $0.state.isReady || $0.state == .unknown }) { return StatusCommand.exitStatus(known) }
            if let deadline, deadline <= .now { return ExitCode.timedOut }
            let look = min(.now + .seconds(1), deadline ?? .now + .seconds(1))
            if let watching, let mark {
                try await watching.waitForChange(since: mark, until: look)
            } else {
                try await Task.sleep(until: look)
            }
        }
    }
}
