import CeleryCore
import Fixtures
import Processes
import Testing
import Wire
@testable import Worker

@Suite(.timeLimit(.minutes(1))) struct MailboxTests {
    @Test func `hands over all that has gathered`() async {
        let mailbox = Mailbox<Int>()
        mailbox.put([1, 2])
        mailbox.put([])
        mailbox.put([3])
        #expect(await mailbox.take() == [1, 2, 3])
        mailbox.put([4])
        #expect(await mailbox.take() == [4])
    }

    @Test func `a reader waits for the first`() async {
        let mailbox = Mailbox<Int>()
        async let items = mailbox.take()
        mailbox.put([])
        mailbox.put([7])
        #expect(await items == [7])
    }

    @Test func `hands over what is there without a wait`() async {
        let mailbox = Mailbox<Int>()
        #expect(mailbox.takeNow() == [])
        mailbox.put([1, 2])
        #expect(mailbox.takeNow() == [1, 2])
        mailbox.put([3])
        #expect(await mailbox.take() == [3])
    }

    @Test func `loses and doubles nothing, whatever the threads do`() async {
        let mailbox = Mailbox<Int>()
        for thread in 0..<4 {
            WorkThread.start { for number in 0..<2_000 { mailbox.put([thread * 2_000 + number]) } }
        }
        var items: [Int] = []
        while items.count < 8_000 { items += await mailbox.take() }
        #expect(items.sorted() == Array(0..<8_000))
        // Those of one thread in their order.
        #expect(items.filter { $0 < 2_000 } == Array(0..<2_000))
    }
}

@Suite(.timeLimit(.minutes(1))) struct JobLineTests {
    private func job(_ tag: Int64) -> JobRequest {
        JobRequest(
            tag: tag, attempt: 1, message: EncodedMessage(FrameTests.message), taskName: "", taskID: "", program: nil,
            softTimeLimit: nil, hardTimeLimit: nil, maxOutputBytes: 0, retry: RetryPlan())
    }

    @Test func `hands out jobs in order, and nothing after the last`() async {
        let line = JobQueue()
        for tag in 1...3 { line.append(job(Int64(tag))) }
        #expect(await line.next()?.tag == 1)
        line.finish()
        // What it has is still to be done.
        #expect(await line.next()?.tag == 2)
        #expect(await line.next()?.tag == 3)
        #expect(await line.next()?.tag == nil)
        #expect(await line.next()?.tag == nil)
    }

    @Test func `gives back what is not begun`() async {
        let line = JobQueue()
        for tag in 1...3 { line.append(job(Int64(tag))) }
        _ = await line.next()
        #expect(line.removeAll().map(\.tag) == [2, 3])
        #expect(line.removeAll().isEmpty)
        line.append(job(4))
        #expect(await line.next()?.tag == 4)
    }

    @Test func `a runner waits for a job, or for the end`() async {
        let line = JobQueue()
        async let first = line.next()?.tag
        line.append(job(1))
        #expect(await first == 1)
        async let second = line.next()?.tag
        line.finish()
        #expect(await second == nil)
    }

    @Test func `loses and doubles nothing between threads`() async {
        let line = JobQueue()
        WorkThread.start {
            for tag in 0..<5_000 { line.append(job(Int64(tag))) }
            line.finish()
        }
        var tags: [Int64] = []
        while let job = await line.next() { tags.append(job.tag) }
        #expect(tags == Array(0..<5_000))
    }
}
