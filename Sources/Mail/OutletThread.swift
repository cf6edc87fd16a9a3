import CeleryCore
import Processes
import Synchronization

/// The thread of an outlet: a server that hangs keeps neither new notices from the spool nor other outlets waiting.
final class OutletThread: Sendable {
    let box: MailSpool.Box
    private let orders = Mutex(Orders())
    private let waker: Waker
    /// Wakes the thread that waits in `end`.
    private let ended: Waker

    private struct Orders {
        /// Whether this process sends what is in the spool. Once true, it stays true.
        var isLeading = false
        var hasNews = false
        var isEnding = false
    }

    /// - Throws: `SystemError` when the descriptors cannot be created.
    init(_ box: MailSpool.Box) throws(SystemError) {
        self.box = box
        waker = try Waker()
        ended = try Waker()
    }

    /// Starts the thread.
    ///
    /// - Parameter outlet: Called on the thread; its outlet stays there. `nil` when the spool cannot be used.
    func start(_ outlet: @escaping @Sendable () -> MailOutlet?) {
        WorkThread.start { [self] in
            if let outlet = outlet() { run(outlet) }
            ended.wake()
        }
    }

    /// Has the outlet look whether there is something to deliver. Never blocks.
    ///
    /// - Parameter hasNews: Whether something new waits in the box.
    func deliver(hasNews: Bool) {
        orders.withLock { orders in
            orders.isLeading = true
            if hasNews { orders.hasNews = true }
        }
        waker.wake()
    }

    /// Has what waits offered once more, and ends the thread. Blocks until then.
    func end() {
        orders.withLock { $0.isEnding = true }
        waker.wake()
        _ = try? ended.descriptor.waitReadable(timeout: nil)
    }

    private func run(_ outlet: MailOutlet) {
        while true {
            _ = try? waker.descriptor.waitReadable(timeout: nil)
            waker.clear()
            let orders = orders.withLock { orders in
                defer { orders.hasNews = false }
                return orders
            }
            if orders.hasNews { outlet.hurry() }
            if orders.isLeading { outlet.deliver(isLast: orders.isEnding) }
            if orders.isEnding { return }
        }
    }
}
