//! BN254 MSM and NTT behind the port Engine; knows no Groth16.

#![forbid(unsafe_code)]
