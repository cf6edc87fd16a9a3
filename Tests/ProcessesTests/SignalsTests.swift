import Dispatch
import Glibc
import Processes
import Testing

extension ProcessesTests {
    @Suite struct SignalsTests {
        // Signals are sent to this very thread: sent to the process, another thread of the tests would die of them.

        @Test func `signals become actions`() throws {
            var before = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &before)
            defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
            let signals = try Signals([SIGUSR1: "reopen", SIGTTIN: "grow"])
            #expect(try signals.next(timeout: .zero) == nil)
            #expect(try !signals.descriptor.waitReadable(timeout: .zero))
            pthread_kill(pthread_self(), SIGTTIN)
            pthread_kill(pthread_self(), SIGUSR1)
            pthread_kill(pthread_self(), SIGUSR1)
            #expect(try signals.descriptor.waitReadable(timeout: .zero))
            let deliveries = [try signals.next(timeout: nil), try signals.next(timeout: nil)]
            #expect(deliveries.map { $0?.action } == ["reopen", "grow"])
            #expect(deliveries.map { $0?.signal } == [SIGUSR1, SIGTTIN])
            #expect(deliveries[0]?.sender == getpid())
            #expect(try signals.next(timeout: .zero) == nil)
        }

        @Test func `what nohup ignored stays ignored`() throws {
            var before = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &before)
            let handler = signal(SIGHUP, SIG_IGN)
            defer {
                signal(SIGHUP, handler)
                pthread_sigmask(SIG_SETMASK, &before, nil)
            }
            let signals = try Signals([SIGHUP: "restart", SIGUSR2: "other"])
            pthread_kill(pthread_self(), SIGHUP)
            pthread_kill(pthread_self(), SIGUSR2)
            #expect(try signals.next(timeout: .zero)?.action == "other")
            #expect(try signals.next(timeout: .zero) == nil)
        }

        @Test func `names and numbers`() {
            #expect(Signal.name(of: SIGTERM) == "TERM")
            #expect(Signal.name(of: 63) == "63")
            #expect(Signal.number(of: "SIGKILL") == SIGKILL)
            #expect(Signal.number(of: "usr1") == SIGUSR1)
            #expect(Signal.number(of: "9") == 9)
            #expect(Signal.number(of: "0") == nil)
            #expect(Signal.number(of: "NONE") == nil)
        }
    }

    @Suite struct PollerTests {
        private func summary(_ event: Poller.Event) -> String {
            let (readable, writable) = (event.isReadable ? " readable" : "", event.isWritable ? " writable" : "")
            return "\(event.token)\(readable)\(writable)\(event.isHungUp ? " hung up" : "")"
        }

        @Test func `tells the ready ones from the others`() throws {
            let poller = try Poller()
            let (one, two) = (try SocketPair(), try SocketPair())
            try poller.add(one.near, .readable, token: 1)
            try poller.add(two.near, [.readable, .writable], token: 2)
            #expect(try poller.wait(timeout: .zero).map(summary) == ["2 writable"])
            try one.far.write("x")
            try poller.change(two.near, .readable, token: 2)
            #expect(try poller.wait(timeout: nil).map(summary) == ["1 readable"])
            try poller.remove(one.near)
            #expect(try poller.wait(timeout: .milliseconds(1)) == [])
            two.far.close()
            #expect(try poller.wait(timeout: nil).map(summary) == ["2 readable hung up"])
        }

        @Test func `is woken from another thread, once for many calls`() throws {
            let poller = try Poller()
            let waker = try Waker()
            try poller.add(waker.descriptor, .readable, token: 7)
            // A thread of its own: the tests before may hold every thread that tasks share.
            let woken = DispatchSemaphore(value: 0)
            WorkThread.start {
                for _ in 0..<3 { waker.wake() }
                woken.signal()
            }
            #expect(try poller.wait(timeout: .seconds(60)).map(\.token) == [7])
            woken.wait()
            waker.clear()
            #expect(try poller.wait(timeout: .zero) == [])
        }

        @Test func `a closed descriptor is closed once`() throws {
            let pipe = try Pipe()
            let number = pipe.readEnd.number
            pipe.readEnd.close()
            let reused = OwnedDescriptor(owning: dup(STDIN_FILENO))
            #expect(reused.number == number)
            pipe.readEnd.close()
            #expect(fcntl(number, F_GETFD) != -1)
            #expect(pipe.readEnd.number == -1)
            SignalDispositions.settle()
            #expect(throws: SystemError(EPIPE, "write")) { try pipe.writeEnd.write("x") }
        }
    }
}
