import Arguments
import CeleryCore
import Client

/// What the parts of a dmap do next.
extension DmapRun {
    /// Items read in one step.
    private static let batch = 1_000
    /// Items between the reader and the writer, for each item in flight: later items go on while an early one takes its time.
    private static let windowFactor = 8
    private static let leastWindow = 1_024
    private static let mostWindow = 32_768
    /// Bytes of results that wait for earlier ones or for the reader of stdout.
    private static let mostHeld = 16 << 20
    /// Results deleted at a time, and how long they may wait for that.
    private static let forgetBatch = 500
    private static let forgetDelay: Duration = .milliseconds(250)

    func advance() {
        if stopping == nil { read() }
        write()
        forget()
    }

    /// Reads items if there is room for them.
    private func read() {
        guard !isAtEnd, !isReading, sending < 2, window.heldBytes + backlog < Self.mostHeld else { return }
        var room = isDetached ? Self.batch : inFlight.room(open: open.count)
        room = min(room, max(Self.leastWindow, min(inFlight.limit * Self.windowFactor, Self.mostWindow)) - window.count, Self.batch)
        guard room > 0 else { return }
        let pause = nextSend.map { $0 - .now } ?? .zero
        if context.arguments[DmapOptions.delay] != nil { room = 1 }
        isReading = true
        Task { [post, reader = parts.reader] in
            do {
                if pause > .zero { try await Task.sleep(for: pause) }
                post(.read(try await reader.read(room)))
            } catch {
                post(.failed(InputFailure(error: error)))
            }
        }
    }

    /// Bytes that wait for the writer.
    private var backlog: Int { ready.reduce(0) { $0 + $1.output.count + $1.errors.count } }

    private func write() {
        guard !isWriting, !ready.isEmpty else { return }
        if case .outputClosed? = stopping?.reason { return ready = [] }
        isWriting = true
        let items = ready
        ready = []
        Task { [post, writer = parts.writer, progress] in
            do {
                try await writer.write(items, progress)
                post(.written(items.map(\.id)))
            } catch {
                post(.notWritten(error))
            }
        }
    }

    /// Deletes results that were printed.
    private func forget() {
        guard !isForgetting, !isWriting, !printed.isEmpty else { return }
        let isIdle = open.isEmpty && ready.isEmpty
        guard printed.count >= Self.forgetBatch || isIdle || .now - lastForgetting >= Self.forgetDelay else { return }
        isForgetting = true
        lastForgetting = .now
        let ids = printed
        printed = []
        Task { [post, writer = parts.writer, client = plan.client] in
            do {
                await writer.sync()
                _ = try await client.store.forget(ids)
                post(.forgotten)
            } catch {
                post(.forgotten)
                post(.failed(error))
            }
        }
    }

    /// Deletes the rest of the printed results.
    func forgetRest() async {
        guard !printed.isEmpty else { return }
        await parts.writer.sync()
        _ = try? await plan.client.store.forget(printed)
        printed = []
    }

    /// Whether every result was printed.
    var isPrinted: Bool { isAtEnd && sending == 0 && open.isEmpty && ready.isEmpty && !isWriting }

    /// Whether nothing is left to do.
    var isOver: Bool {
        if let stopping {
            // After a second signal, not even the reader of the results is waited for.
            return isStopped(stopping) && (stopping.isRevoking || !isWriting && !isForgetting && ready.isEmpty)
        }
        return isPrinted && !isForgetting && printed.isEmpty
    }
}
