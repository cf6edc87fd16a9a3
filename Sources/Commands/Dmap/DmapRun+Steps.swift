import Arguments
import CeleryCore
import Client

/// What the parts of a dmap do next.
extension DmapRun {
    func advance() {
        if stopping == nil { read() }
        write()
        forget()
    }

    /// Reads items if there is room for them.
    private func read() {
        guard !isAtEnd, !isReading, sending < 2, window.heldBytes + backlog < MapPace.mostHeld else { return }
        var room = isDetached ? MapPace.batch : inFlight.room(open: open.count)
        room = min(room, MapPace.window(inFlight: inFlight.limit) - window.count, MapPace.batch)
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
        guard isIdle || MapPace.isTime(toForget: printed.count, since: lastForgetting) else { return }
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
