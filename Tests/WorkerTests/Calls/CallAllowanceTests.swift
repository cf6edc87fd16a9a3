import Testing
@testable import Worker

@Suite struct CallAllowanceTests {
    @Test func `calls do not count as held up to the limit, and those beyond do`() {
        let allowance = CallAllowance(limit: 10)
        #expect(allowance.held(jobs: 3, calls: 0) == 3)
        #expect(allowance.held(jobs: 12, calls: 10) == 2)
        #expect(allowance.held(jobs: 15, calls: 13) == 5)
    }

    @Test func `the more calls come, the more are taken at once, up to the limit`() {
        var allowance = CallAllowance(limit: 100)
        #expect(allowance.more(calls: 0) == 0)
        var taken: [Int] = []
        for _ in 0..<5 {
            allowance.note(calls: 2 + allowance.more(calls: 0), others: 0)
            taken.append(allowance.more(calls: 0))
        }
        #expect(taken == [4, 12, 28, 60, 100])
        #expect(allowance.more(calls: 90) == 10)
        #expect(allowance.more(calls: 200) == 0)
    }

    @Test func `a single job for a child ends that, since more of them would wait here`() {
        var allowance = CallAllowance(limit: 100)
        allowance.note(calls: 50, others: 0)
        allowance.note(calls: 50, others: 1)
        #expect(allowance.more(calls: 0) == 0)
        // What was refused says nothing.
        allowance.note(calls: 5, others: 0)
        allowance.note(calls: 0, others: 0)
        #expect(allowance.more(calls: 0) == 10)
    }

    @Test(arguments: [(seconds: 0.1, ahead: 200), (0.001, 250), (1, 20), (60, 0)])
    func `of short calls some more are taken, which wait for twenty milliseconds at most`(seconds: Double, ahead: Int) {
        var allowance = CallAllowance(limit: 1_000)
        allowance.note(duration: seconds)
        allowance.note(calls: 5_000, others: 0)
        #expect(allowance.more(calls: 1_000) == ahead)
        #expect(allowance.more(calls: 1_000 + ahead) == 0)
        #expect(allowance.held(jobs: 1_001 + ahead, calls: 1_000 + ahead) == 1)
    }

    @Test func `ends are gathered while enough calls wait to keep all going`() {
        var allowance = CallAllowance(limit: 1_000)
        #expect(allowance.linger(calls: 1_200) == nil)
        allowance.note(duration: 0.1)
        #expect(milliseconds(allowance.linger(calls: 1_200)) == 5)
        #expect(allowance.linger(calls: 1_010) == nil)
        #expect(allowance.linger(calls: 1_000) == nil)
        // 60 of 1,000 wait for 6 ms.
        #expect(milliseconds(allowance.linger(calls: 1_060)) == 2)
    }

    private func milliseconds(_ duration: Duration?) -> Int? { duration.map { Int(($0 / .milliseconds(1)).rounded()) } }
}
