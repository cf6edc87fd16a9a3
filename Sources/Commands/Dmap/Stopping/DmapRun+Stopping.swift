import Arguments
import CeleryCore
import Client
import Glibc
import Processes
import Worker

/// Stopping before the last item: nothing of ours stays in the queue.
extension DmapRun {
    /// How often to withdraw again, as workers may give messages back.
    private static let again: Duration = .seconds(2)
    /// How long a dmap that failed tries to withdraw its messages from a broker that may be the cause.
    private static let patience: Duration = .seconds(3)
    /// How long after a revocation the workers may take to end what runs.
    private static let revocationPatience: Duration = .seconds(5)
    private static let revocationPulse: Duration = .milliseconds(200)
    /// How long a worker that starts later remembers the revocation.
    private static let revocationLife: Duration = .seconds(86_400)

    /// Stops reading, and withdraws what no worker has begun. A second signal revokes the rest.
    func stop(_ reason: Stopping.Reason) {
        var reason = reason
        if case .failure(let error as InputFailure) = reason { reason = .input(error.error) }
        if stopping != nil {
            switch reason {
            case .signal: return revoke()
            // Trouble counts more than an interruption, but only the first.
            case .failure, .input: if case .failure? = stopping?.reason { return }
            default: return
            }
        }
        let earlier = stopping
        let new = Stopping(reason: reason, withdrawn: earlier?.withdrawn ?? 0, withdrawsAgain: earlier?.isWithdrawing ?? false)
        stopping = new
        Task { [pool] in await pool?.stop(new.endsPool ? .cold : .warm) }
        withdrawIfIdle()
    }

    /// Withdraws once the broker has what is on its way.
    private func withdrawIfIdle() {
        guard let state = stopping, !state.isWithdrawing, !state.isRevoking else { return }
        let withdrawal = Withdrawal(client: plan.client)
        if let last = state.withdrawnAt, .now - last < Self.again || !withdrawal.canBeRepeated { return }
        var isFailure = false
        if case .failure = state.reason { isFailure = true }
        guard sending == 0 || isFailure else { return }
        stopping?.isWithdrawing = true
        let sent = isDetached ? lastRead : 0
        Task { [post, follower = parts.follower, submitter = parts.submitter] in
            do {
                if sent > 0 { return post(.withdrawn(try await withdrawal.withdraw(await submitter.set, through: sent))) }
                let ids = try await follower.withdraw(by: withdrawal) { try await submitter.beginSet() }
                post(.withdrawn(ids))
            } catch {
                post(.withdrawn([]))
                if !isFailure { post(.failed(error)) }
            }
        }
    }

    func noteWithdrawn(_ ids: [TaskID]) {
        let isFirst = stopping?.withdrawnAt == nil
        stopping?.isWithdrawing = false
        stopping?.withdrawnAt = .now
        if isDetached { stopping?.withdrawn += ids.count }
        for id in ids {
            guard let number = SetNumbering.number(of: id.text), open[number] != nil else { continue }
            stopping?.withdrawn += 1
            remove(number)
        }
        if isFirst, case .signal? = stopping?.reason, !open.isEmpty {
            context.output.error("celery dmap: \(stillRunning(word: "interrupted"))")
            context.output.error("hint: waiting for them; interrupt again to revoke them")
        }
        if stopping?.withdrawsAgain == true { withdrawAgain() }
    }

    func notePoolStopped() {
        isPoolStopped = true
        if stopping == nil {
            stop(.failure(CommandError(ExitCode.tryAgain, "the local pool was shut down")))
        }
        // It has given back what it had not begun.
        withdrawAgain()
    }

    private func withdrawAgain() {
        guard var state = stopping, Withdrawal(client: plan.client).canBeRepeated else { return }
        state.withdrawsAgain = state.isWithdrawing
        if !state.isWithdrawing { state.withdrawnAt = nil }
        stopping = state
        withdrawIfIdle()
    }

    /// Revokes what is left: running tasks end.
    private func revoke() {
        guard let state = stopping, !state.isRevoking else { return }
        stopping?.isRevoking = true
        Task { [pool] in await pool?.stop(.cold) }
        let until = Timestamp.now + Self.revocationLife
        Task { [post, plan, follower = parts.follower, submitter = parts.submitter] in
            let ids = await follower.awaited
            do {
                // Workers will drop tasks with these ids; the others need new ones.
                try await submitter.beginSet()
                let withdrawal = Withdrawal(client: plan.client)
                try await withdrawal.revoke(ids, until: until)
                // A worker that stops gives back what it has, with ids that are revoked by now.
                let end = ContinuousClock.now + Self.revocationPatience
                while .now < end {
                    try await Task.sleep(for: Self.revocationPulse)
                    if withdrawal.canBeRepeated { post(.withdrawn(try await follower.withdraw(by: withdrawal) {})) }
                }
            } catch {
                post(.failed(error))
            }
            post(.revoked)
        }
    }

    func isStopped(_ state: Stopping) -> Bool {
        guard isPoolStopped else { return false }
        if state.isRevoking { return state.isRevoked || open.isEmpty }
        if case .failure = state.reason, .now - state.since > Self.patience { return true }
        guard sending == 0, let last = state.withdrawnAt, !state.isWithdrawing else {
            withdrawIfIdle()
            return false
        }
        if !state.waits || open.isEmpty { return true }
        if .now - last >= Self.again { withdrawIfIdle() }
        return false
    }

    /// Prints what is left, and ends with the status of the map.
    func finish() async throws -> Int32 {
        var outcome: Result<Int32, any Error> = .success(Int32(min(progress.failed, 101)))
        if let stopping {
            outcome = await finishStopped(stopping)
        } else {
            await parts.writer.clear()
            await pool?.stop(.warm)
            await pool?.end()
            if isDetached || keeps, lastRead > 0 { try await parts.submitter.keepSet(total: lastRead) }
            if !isDetached, !keeps { await parts.submitter.forgetSets() }
            if isDetached {
                let set = await parts.submitter.set.id
                context.output.record(["set": .string(set), "items": .int(Int64(count))], text: set)
            } else {
                parts.sentMark?.remove()
            }
        }
        return try outcome.get()
    }

    private func finishStopped(_ state: Stopping) async -> Result<Int32, any Error> {
        await printLeftovers(state)
        if case .failure = state.reason {} else { await forgetRest() }
        if !keeps, !isDetached, !parts.isLogged { await parts.submitter.forgetSets() }
        if !state.isRevoking { await parts.writer.clear() }
        let status: Result<Int32, any Error>
        switch state.reason {
        case .signal(let signal):
            context.output.error("celery dmap: \(stillRunning(word: "interrupted"))")
            status = .success(128 + signal)
        case .outputClosed:
            context.output.error("celery dmap: \(stillRunning(word: "nobody reads the results any more"))")
            status = .success(128 + SIGPIPE)
        case .timeout:
            let all = isAtEnd ? "\(open.count + state.withdrawn) of \(count) items are not done" : "the input was not read to its end"
            context.output.error("celery dmap: timed out; \(all)")
            status = .success(ExitCode.timedOut)
        case .halt:
            let running = open.isEmpty ? "" : ", \(open.count) are running"
            context.output.error(
                "celery dmap: stopped after \(progress.failed) failure\(progress.failed == 1 ? "" : "s"); \(state.withdrawn) items were dropped\(running)")
            status = .success(Int32(min(progress.failed, 101)))
        case .input(let error): status = .failure(error)
        case .failure(let error): status = .failure(error)
        }
        guard parts.isLogged else { return status }
        let advice = "go on with: \(GoOnCommand.text())"
        guard case .failure(let error) = status else {
            context.output.error("hint: \(advice)")
            return status
        }
        var described = Report.describe(error)
        described.hint = described.hint ?? advice
        return .failure(described)
    }

    /// Prints results that came after a gap, unless a resumed dmap will print them in their order.
    private func printLeftovers(_ state: Stopping) async {
        if case .outputClosed = state.reason { return }
        var isHalted = false
        if case .halt = state.reason { isHalted = true }
        if state.isRevoking || parts.isLogged && !isHalted { return }
        let left = window.drain()
        guard !left.isEmpty else { return }
        if parts.isLogged, parts.hasFile {
            // Why it was halted is to be seen now.
            for item in left where !item.errors.isEmpty { context.output.passOn(String(decoding: item.errors, as: UTF8.self)) }
            return
        }
        try? await parts.writer.write(left, progress)
        if !context.arguments[DmapOptions.keep] { _ = try? await plan.client.store.forget(left.map(\.id)) }
    }

    private func stillRunning(word: String) -> String {
        let withdrawn = stopping?.withdrawn ?? 0
        let done = "\(word); \(withdrawn) item\(withdrawn == 1 ? " was" : "s were") withdrawn"
        guard !open.isEmpty else { return done + ", none is running" }
        let numbers = NumberList.text(open.keys.sorted())
        return done + (open.count == 1 ? ", item \(numbers) is still running" : ", items \(numbers) are still running")
    }
}
