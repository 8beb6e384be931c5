mod call;
mod check;
mod demo;
mod faces;
mod refusals;
mod run;
mod sandbox;
