import Testing

@testable import CeleryCore

@Suite struct RateLimitTests {
    @Test(arguments: [
        ("10/s", 0.1), ("100/m", 0.6), ("5/h", 720), ("4", 0.25), ("0.5/s", 2), ("1e3/s", 0.001),
    ] as [(String, Double)])
    func `reads Celery's notation`(_ text: String, _ interval: Double) throws {
        let rate = try #require(RateLimit(text))
        #expect(abs(rate.interval - interval) < 1e-9)
        #expect(RateLimit(rate.text) == rate)
    }

    @Test(arguments: ["", "/", "10/", "/s", "10/d", "-1/s", "0/s", "nan", "inf/s", "1e-12/h", "1e9/s", "10/s/s", "ten", "10 /s"])
    func `refuses what is none`(_ text: String) {
        #expect(RateLimit(text) == nil)
    }

    @Test func `a setting may also be that there is none`() {
        #expect(RateSetting("unlimited") == .unlimited)
        #expect(RateSetting("0") == .unlimited)
        #expect(RateSetting("2/m")?.limit == RateLimit(2, per: .minute))
        #expect(RateSetting("often") == nil)
    }
}
