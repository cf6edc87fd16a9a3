import CeleryCore
import Testing

@testable import Worker

@Suite struct PrefetchTests {
    @Test func `holds one for each child at first`() {
        #expect(Prefetch(children: 3, fixed: 0).limit == 3)
        #expect(Prefetch(children: 3, fixed: 5).limit == 8)
    }

    @Test func `holds more while tasks are short, within bounds`() {
        var prefetch = Prefetch(children: 2, fixed: 0)
        prefetch.note(duration: 0.002)
        // 40 ms of work for each child.
        #expect(prefetch.limit == 40)
        for _ in 0..<200 { prefetch.note(duration: 0) }
        #expect(prefetch.limit == 320)
        // It asks for more when a quarter of that is free.
        #expect(prefetch.step == 80)
        #expect(Prefetch(children: 2, fixed: 0).step == 1)
        var slow = Prefetch(children: 2, fixed: 0)
        slow.note(duration: 5)
        #expect(slow.limit == 2)
    }

    @Test func `a slow task brings it back to one`() {
        var prefetch = Prefetch(children: 2, fixed: 0)
        for _ in 0..<100 { prefetch.note(duration: 0.0001) }
        #expect(prefetch.limit > 50)
        prefetch.note(duration: 3_600)
        #expect(prefetch.limit == 2)
        // It takes a while of short ones to trust them again.
        prefetch.note(duration: 0.0001)
        #expect(prefetch.limit == 2)
        for _ in 0..<100 { prefetch.note(duration: 0.0001) }
        #expect(prefetch.limit > 50)
    }

    @Test func `a slow task that is the first is forgotten as soon as any other`() {
        var prefetch = Prefetch(children: 2, fixed: 0)
        prefetch.note(duration: 3_600)
        #expect(prefetch.limit == 2)
        for _ in 0..<50 { prefetch.note(duration: 0.0001) }
        #expect(prefetch.limit > 50)
    }

    @Test func `holds no more than runs while all children are busy with something slow`() {
        for fixed in [0, 10] {
            var prefetch = Prefetch(children: 2, fixed: fixed)
            for _ in 0..<50 { prefetch.note(duration: 0.0001) }
            prefetch.noteCongestion()
            #expect(prefetch.limit == 2)
            prefetch.note(duration: 0.0001)
            #expect(prefetch.limit == 2 + fixed)
        }
    }

    @Test func `follows the number of children`() {
        var prefetch = Prefetch(children: 1, fixed: 0)
        prefetch.children = 7
        #expect(prefetch.limit == 7)
    }

    @Test func `waits for the ends of other short tasks while the children have work`() throws {
        var prefetch = Prefetch(children: 2, fixed: 0)
        #expect(prefetch.linger(holding: 100) == nil)
        for _ in 0..<200 { prefetch.note(duration: 0.002) }
        #expect(prefetch.linger(holding: 2) == nil)
        #expect(prefetch.linger(holding: 8) == nil)
        #expect(try #require(prefetch.linger(holding: 14)).inSeconds == 0.004)
        // However much there is to do.
        #expect(try #require(prefetch.linger(holding: 1_000)).inSeconds == 0.01)
        prefetch.noteCongestion()
        #expect(prefetch.linger(holding: 1_000) == nil)
    }

    @Test func `does not wait when a child may be idle`() {
        for duration in [0.0001, 0.01, 1, 100] {
            var prefetch = Prefetch(children: 4, fixed: 0)
            for _ in 0..<200 { prefetch.note(duration: duration) }
            for held in 0...4 { #expect(prefetch.linger(holding: held) == nil) }
        }
    }
}
