// ln, exp and the normal quantile, made of operations that IEEE 754 rounds the same way everywhere. The C
// library's differ in the last bit between versions and between processors with and without fused
// multiply-add; a duration drawn from them would make the same seed another run.
#pragma once

namespace fencepost::sim {

double portable_log(double x);  // x > 0 and finite
double portable_exp(double x);  // 0 or infinity where the result is out of range

// The z below which this share of a normal population lies; 0 < share < 1. Relative error under 1.2e-9.
double normal_quantile(double share);

}  // namespace fencepost::sim
